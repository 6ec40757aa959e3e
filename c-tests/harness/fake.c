#define _GNU_SOURCE
#include "fake.h"

#include "harness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_FRAME = 8 << 20 };

const welcome_t usual_welcome = {0, 0x1234, "0123456789abcdef", 0, 0};

/* Binds a loopback socket; port 0 takes a free one. */
static int bound_socket(int *port)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)*port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        FAIL("cannot bind port %d: %s", *port, strerror(errno));
    CHECK(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

fake_t *fake_start(void)
{
    fake_t *fake = (fake_t *)calloc(1, sizeof *fake);
    CHECK(fake != NULL);
    fake_resume(fake);
    snprintf(fake->hosts, sizeof fake->hosts, "127.0.0.1:%d", fake->port);
    return fake;
}

void fake_pause(fake_t *fake)
{
    close(fake->listener);
    /* Bound but not listening: connects are refused, the port stays ours. */
    fake->listener = bound_socket(&fake->port);
}

void fake_resume(fake_t *fake)
{
    if (fake->port != 0)
        close(fake->listener);
    fake->listener = bound_socket(&fake->port);
    CHECK(listen(fake->listener, 16) == 0);
}

void fake_stop(fake_t *fake)
{
    close(fake->listener);
    free(fake);
}

int dead_port(void)
{
    int port = 0;
    bound_socket(&port);
    return port;
}

static void wait_readable(int fd, const char *what)
{
    struct pollfd polled = {fd, POLLIN, 0};
    int n;
    do
        n = poll(&polled, 1, PATIENCE_MS);
    while (n < 0 && errno == EINTR);
    if (n != 1)
        FAIL("the client sent no %s", what);
}

int fake_has_visitor(fake_t *fake)
{
    struct pollfd polled = {fake->listener, POLLIN, 0};
    return poll(&polled, 1, 0) == 1;
}

int fake_accept(fake_t *fake)
{
    int connection;
    wait_readable(fake->listener, "connection");
    connection = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC);
    CHECK(connection >= 0);
    return connection;
}

/* Reads exactly so many bytes; 0 when the stream ends first. */
static int read_all(int fd, void *bytes, size_t length, const char *what)
{
    size_t done = 0;
    while (done < length) {
        ssize_t got;
        wait_readable(fd, what);
        got = read(fd, (char *)bytes + done, length - done);
        if (got <= 0)
            return 0;
        done += (size_t)got;
    }
    return 1;
}

/* Reads one frame; 0 at the end of the stream. */
static int read_frame(int connection, frame_t *frame)
{
    uint32_t length;
    memset(frame, 0, sizeof *frame);
    if (!read_all(connection, &length, sizeof length, "request"))
        return 0;
    frame->length = ntohl(length);
    if (frame->length > MAX_FRAME)
        FAIL("the client sent a frame of %zu bytes", frame->length);
    frame->bytes = (unsigned char *)malloc(frame->length + 1);
    CHECK(frame->bytes != NULL);
    if (!read_all(connection, frame->bytes, frame->length, "rest of a request"))
        return 0;
    return 1;
}

static void parse_header(frame_t *frame)
{
    frame->at = 0;
    frame->xid = take_int(frame);
    frame->type = take_int(frame);
}

frame_t fake_receive_any(int connection)
{
    frame_t frame;
    if (!read_frame(connection, &frame))
        FAIL("the client closed the connection");
    parse_header(&frame);
    return frame;
}

frame_t fake_receive(int connection)
{
    for (;;) {
        frame_t frame = fake_receive_any(connection);
        if (frame.type != ZOO_PING_OP)
            return frame;
        fake_reply(connection, frame.xid, 0, 0, NULL);
        frame_free(&frame);
    }
}

frame_t fake_receive_type(int connection, int type)
{
    frame_t frame = fake_receive(connection);
    if (frame.type != type)
        FAIL("the client sent a request of type %d, not %d", frame.type, type);
    return frame;
}

int fake_wait_end(int connection)
{
    frame_t frame;
    int closed = 0;
    while (read_frame(connection, &frame)) {
        if (frame.length >= 8) {
            parse_header(&frame);
            closed |= frame.type == ZOO_CLOSE_OP;
        }
        frame_free(&frame);
        if (closed)
            break;
    }
    return closed;
}

void fake_hang_up(int connection)
{
    close(connection);
}

connect_request_t fake_read_connect(int connection)
{
    connect_request_t request;
    const unsigned char *passwd;
    frame_t frame;
    if (!read_frame(connection, &frame))
        FAIL("the client closed the connection before its connect request");
    memset(&request, 0, sizeof request);
    request.length = frame.length;
    request.protocol = take_int(&frame);
    request.last_zxid = take_long(&frame);
    request.timeout = take_int(&frame);
    request.session_id = take_long(&frame);
    request.passwd_length = take_buffer(&frame, &passwd);
    if (request.passwd_length == 16)
        memcpy(request.passwd, passwd, 16);
    request.read_only = take_bool(&frame);
    take_end(&frame);
    frame_free(&frame);
    return request;
}

void fake_welcome(int connection, const connect_request_t *request, const welcome_t *welcome)
{
    wire_t body = {NULL, 0};
    put_int(&body, 0);
    put_int(&body, welcome->timeout ? welcome->timeout : request->timeout);
    put_long(&body, welcome->session_id);
    put_buffer(&body, welcome->passwd, 16);
    if (!welcome->without_read_only)
        put_bool(&body, welcome->read_only);
    fake_send_frame(connection, &body);
    wire_free(&body);
}

int fake_connect(fake_t *fake)
{
    int connection = fake_accept(fake);
    connect_request_t request = fake_read_connect(connection);
    fake_welcome(connection, &request, &usual_welcome);
    return connection;
}

void fake_send(int connection, const void *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t sent =
            send(connection, (const char *)bytes + done, length - done, MSG_NOSIGNAL);
        if (sent <= 0)
            FAIL("cannot send to the client: %s", strerror(errno));
        done += (size_t)sent;
    }
}

void fake_send_frame(int connection, const wire_t *body)
{
    wire_t frame = {NULL, 0};
    put_buffer(&frame, body->bytes, (int32_t)body->length);
    fake_send(connection, frame.bytes, frame.length);
    wire_free(&frame);
}

void fake_reply(int connection, int xid, int64_t zxid, int err, const wire_t *body)
{
    wire_t reply = {NULL, 0};
    put_int(&reply, xid);
    put_long(&reply, zxid);
    put_int(&reply, err);
    if (body)
        put_bytes(&reply, body->bytes, body->length);
    fake_send_frame(connection, &reply);
    wire_free(&reply);
}

void fake_event(int connection, int type, int state, const char *path)
{
    wire_t body = {NULL, 0};
    put_int(&body, type);
    put_int(&body, state);
    put_string(&body, path);
    fake_reply(connection, -1, -1, 0, &body);
    wire_free(&body);
}

typedef struct {
    int connection, type, err;
    wire_t body;
} step_t;

static void answer(void *argument)
{
    step_t *step = (step_t *)argument;
    frame_t frame = fake_receive_type(step->connection, step->type);
    fake_reply(step->connection, frame.xid, 1, step->err, step->err ? NULL : &step->body);
    frame_free(&frame);
    wire_free(&step->body);
    free(step);
}

test_thread *fake_answer_one(int connection, int type, int err, const wire_t *body)
{
    step_t *step = (step_t *)calloc(1, sizeof *step);
    CHECK(step != NULL);
    step->connection = connection;
    step->type = type;
    step->err = err;
    if (body)
        put_bytes(&step->body, body->bytes, body->length);
    return thread_start(answer, step);
}

typedef struct {
    int connection;
    int closed;
} ending_t;

static void see_off(void *argument)
{
    ending_t *ending = (ending_t *)argument;
    ending->closed = fake_wait_end(ending->connection);
    close(ending->connection);
}

int fake_end_session(zhandle_t *zh, int connection)
{
    ending_t ending = {connection, 0};
    test_thread *server = thread_start(see_off, &ending);
    CHECK_INT(zookeeper_close(zh), ZOK);
    thread_join(server);
    return ending.closed;
}
