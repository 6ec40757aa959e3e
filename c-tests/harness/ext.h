/* The calls that only this library has, and a completion queue to test with. */
#ifndef EXT_H
#define EXT_H

#include "harness.h"
#include "stage.h"

#include <zookeeper/zookeeper_ext.h>

/* So that programs still link with a library without them. */
#pragma weak zoox_aadd_watch
#pragma weak zoox_abandon
#pragma weak zoox_add_watch
#pragma weak zoox_aget_all_children_number
#pragma weak zoox_aget_ephemerals
#pragma weak zoox_amulti_read
#pragma weak zoox_aset_acl
#pragma weak zoox_awho_am_i
#pragma weak zoox_close
#pragma weak zoox_connect_attempts
#pragma weak zoox_cq_create
#pragma weak zoox_cq_destroy
#pragma weak zoox_cq_fd
#pragma weak zoox_cq_next
#pragma weak zoox_cq_wait
#pragma weak zoox_create
#pragma weak zoox_drop_connection
#pragma weak zoox_get
#pragma weak zoox_create2_op_init
#pragma weak zoox_create_ttl_op_init
#pragma weak zoox_drop_connection
#pragma weak zoox_free_read_results
#pragma weak zoox_get_all_children_number
#pragma weak zoox_get_ephemerals
#pragma weak zoox_get_peer
#pragma weak zoox_get_request_timeout
#pragma weak zoox_get_stats
#pragma weak zoox_init
#pragma weak zoox_last_zxid
#pragma weak zoox_measure_latency
#pragma weak zoox_multi_read
#pragma weak zoox_mute_callbacks
#pragma weak zoox_set_acl
#pragma weak zoox_set_connect_limit
#pragma weak zoox_set_log_level
#pragma weak zoox_set_queue_until_connected
#pragma weak zoox_set_request_timeout
#pragma weak zoox_set_retry_backoff
#pragma weak zoox_set_retry_delay
#pragma weak zoox_set_session_limit
#pragma weak zoox_sync
#pragma weak zoox_wget
#pragma weak zoox_who_am_i
#pragma weak zoox_with_timeout

/* True when ZK_HOSTS names a server of Apache ZooKeeper 3.8. */
int on_java(void);

/* First line of a test of these calls. */
#define NEEDS_EXTRAS                                                              \
    do {                                                                          \
        if (on_the_reference() || zoox_init == NULL)                              \
            SKIP("the original has no zoox_ functions");                          \
    } while (0)

/* A config with everything zero but its size, hosts and a timeout of 20 s. */
struct zoox_config config_for(const char *hosts);

/* A stage whose handle is made from this config, with the handshake done; the
 * caller waits for the session event. Hosts are filled in if they are NULL, and
 * without a queue the watcher and its context, as for stage_open(). */
stage_t *stage_open_config(struct zoox_config *config);

/* The next entry of the queue, in memory that lives as long as the test. */
const struct zoox_entry *next_entry(zoox_cq_t *cq);
/* The next entry, which is a completion with this data. */
const struct zoox_entry *next_completion(zoox_cq_t *cq, intptr_t data);
/* The next entry, which is a session event of this state. */
void expect_session_event(zoox_cq_t *cq, int state);
/* A connected handle that tells its results and events to this queue, which is
 * empty afterwards. */
zhandle_t *connect_to_queue(const char *hosts, zoox_cq_t *cq);
/* Closes the handle and destroys the queue. */
void close_with_queue(zhandle_t *zh, zoox_cq_t *cq);
/* What stands this many bytes behind the start of an entry. */
const char *in_entry(const struct zoox_entry *entry, size_t offset);
/* The payload. */
const char *payload_of(const struct zoox_entry *entry);
/* Fails unless nothing is queued. */
void expect_empty(zoox_cq_t *cq);

#endif
