/* A server that does what the test says, on a loopback port of its own.
 *
 * The test plays the server in its own thread, step by step: accept, read a
 * request, answer it (or not). fake_answer_one() does one such step in the
 * background, for synchronous calls.
 */
#ifndef FAKE_H
#define FAKE_H

#include "wire.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int listener;
    int port;
    char hosts[32]; /* "127.0.0.1:PORT" */
} fake_t;

/* What a client sent to open its session. */
typedef struct {
    size_t length;
    int32_t protocol;
    int64_t last_zxid;
    int32_t timeout;
    int64_t session_id;
    unsigned char passwd[16];
    int passwd_length;
    int read_only;
} connect_request_t;

/* The server's part of the handshake. */
typedef struct {
    int32_t timeout; /* 0: what the client asked for */
    int64_t session_id;
    const char *passwd; /* 16 bytes */
    int read_only;
    int without_read_only; /* the 36 byte form of servers before 3.4 */
} welcome_t;

extern const welcome_t usual_welcome;

fake_t *fake_start(void);
/* Stops listening and frees all; open connections stay open. */
void fake_stop(fake_t *fake);
/* Refuses new connections until fake_resume(); those in the backlog are reset. */
void fake_pause(fake_t *fake);
void fake_resume(fake_t *fake);
/* A port of this machine on which nobody listens, kept for the whole test. */
int dead_port(void);

/* Waits for the next connection. */
int fake_accept(fake_t *fake);
/* True when a connection is waiting to be accepted. */
int fake_has_visitor(fake_t *fake);
/* Reads the connect request; then fake_welcome() answers it. */
connect_request_t fake_read_connect(int connection);
void fake_welcome(int connection, const connect_request_t *request, const welcome_t *welcome);
/* The usual start: accept, read, welcome. */
int fake_connect(fake_t *fake);

/* The next request that isn't a ping; pings are answered on the way. */
frame_t fake_receive(int connection);
/* The same, and fails unless it has this type. */
frame_t fake_receive_type(int connection, int type);
/* The next frame, whatever it is. */
frame_t fake_receive_any(int connection);
/* Waits for the client's end of stream; what comes before it is dropped.
 * Returns 1 when a close request (-11) was among it. */
int fake_wait_end(int connection);
void fake_hang_up(int connection);

void fake_send(int connection, const void *bytes, size_t length);
void fake_send_frame(int connection, const wire_t *body);
/* body NULL: the header alone. */
void fake_reply(int connection, int xid, int64_t zxid, int err, const wire_t *body);
void fake_event(int connection, int type, int state, const char *path);

/* Receives one request of this type in a thread and answers it. */
struct test_thread *fake_answer_one(int connection, int type, int err, const wire_t *body);

/* Closes the handle while playing the server's part of it; the connection is
 * closed too. Returns 1 when the client sent its close request. */
int fake_end_session(zhandle_t *zh, int connection);

#ifdef __cplusplus
}
#endif

#endif
