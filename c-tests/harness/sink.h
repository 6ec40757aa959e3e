/* A server of this process that welcomes every client and answers almost
 * nothing, so that requests stay in flight until the client gives them up. */
#ifndef SINK_H
#define SINK_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sink sink_t;

/* Runs on a thread of its own to the end of the process. Pings are answered,
 * exists requests get ZNONODE, connections end at their close request. */
sink_t *sink_start(void);
/* "127.0.0.1:PORT" */
const char *sink_hosts(const sink_t *sink);
/* How many requests have come in all, pings and those that end sessions aside. */
long sink_requests(sink_t *sink);
/* How many connections have ended. */
long sink_ended(sink_t *sink);
/* How many of them by a close request. */
long sink_closed(sink_t *sink);
/* Ends all connections. Clients may come back. */
void sink_cut(sink_t *sink);

#ifdef __cplusplus
}
#endif

#endif
