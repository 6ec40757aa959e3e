/* A TCP relay in front of a live server, so that a test can cut and restore
 * the connections of its own client. */
#ifndef PROXY_H
#define PROXY_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct proxy proxy_t;

/* Relays to "host:port" of a numeric IPv4 host or localhost. */
proxy_t *proxy_start(const char *hosts);
/* "127.0.0.1:PORT" of the relay itself. */
const char *proxy_hosts(const proxy_t *proxy);
/* Closes all relayed connections and refuses new ones. */
void proxy_cut(proxy_t *proxy);
void proxy_restore(proxy_t *proxy);
void proxy_stop(proxy_t *proxy);

#ifdef __cplusplus
}
#endif

#endif
