#define _GNU_SOURCE
#include "ext.h"

#include <poll.h>

int on_java(void)
{
    const char *server = getenv("ZK_SERVER");
    return server != NULL && strcmp(server, "java") == 0;
}

struct zoox_config config_for(const char *hosts)
{
    struct zoox_config config;
    memset(&config, 0, sizeof config);
    config.size = sizeof config;
    config.hosts = hosts;
    config.recv_timeout = STAGE_TIMEOUT_MS;
    config.flags = ZOO_NO_LOG_CLIENTENV;
    return config;
}

stage_t *stage_open_config(struct zoox_config *config)
{
    stage_t *stage = (stage_t *)calloc(1, sizeof *stage);
    CHECK(stage != NULL);
    stage->session = probe("global");
    stage->done = probe("done");
    stage->fake = fake_start();
    if (config->hosts == NULL)
        config->hosts = stage->fake->hosts;
    if (config->queue == NULL && config->watcher == NULL) {
        config->watcher = on_event;
        config->context = &stage->session;
    }
    stage->zh = zoox_init(config);
    if (stage->zh == NULL)
        FAIL("zoox_init: %s", strerror(errno));
    stage->connection = fake_connect(stage->fake);
    return stage;
}

const struct zoox_entry *next_entry(zoox_cq_t *cq)
{
    CHECK_INT(zoox_cq_wait(cq, PATIENCE_MS), ZOK);
    int64_t size = zoox_cq_next(cq, NULL, 0, NULL);
    CHECK(size >= (int64_t)sizeof(struct zoox_entry));
    void *entry = malloc((size_t)size);
    int count = -1;
    CHECK_INT(zoox_cq_next(cq, entry, (size_t)size, &count), size);
    CHECK_INT(count, 1);
    CHECK_INT(((struct zoox_entry *)entry)->size, size);
    return (const struct zoox_entry *)entry;
}

const struct zoox_entry *next_completion(zoox_cq_t *cq, intptr_t data)
{
    const struct zoox_entry *entry = next_entry(cq);
    CHECK_INT(entry->kind, ZOOX_COMPLETION);
    CHECK_INT((intptr_t)entry->data, data);
    return entry;
}

void expect_session_event(zoox_cq_t *cq, int state)
{
    const struct zoox_entry *entry = next_entry(cq);
    CHECK_INT(entry->kind, ZOOX_EVENT);
    CHECK_INT(entry->rc, ZOK);
    CHECK_INT(entry->type, ZOO_SESSION_EVENT);
    CHECK_INT(entry->state, state);
    CHECK_INT(entry->payload, ZOOX_STRING);
    CHECK_STR(payload_of(entry), "");
}

zhandle_t *connect_to_queue(const char *hosts, zoox_cq_t *cq)
{
    struct zoox_config config = config_for(hosts);
    config.queue = cq;
    zhandle_t *zh = zoox_init(&config);
    CHECK(zh != NULL);
    expect_session_event(cq, ZOO_CONNECTED_STATE);
    return zh;
}

void close_with_queue(zhandle_t *zh, zoox_cq_t *cq)
{
    CHECK_INT(zookeeper_close(zh), ZOK);
    CHECK_INT(zoox_cq_destroy(cq), ZOK);
}

const char *in_entry(const struct zoox_entry *entry, size_t offset)
{
    CHECK(offset < entry->size);
    return (const char *)entry + offset;
}

const char *payload_of(const struct zoox_entry *entry)
{
    return in_entry(entry, sizeof *entry);
}

void expect_empty(zoox_cq_t *cq)
{
    int count = -1;
    char byte[8];
    struct pollfd polled = {zoox_cq_fd(cq), POLLIN, 0};
    CHECK_INT(zoox_cq_next(cq, byte, sizeof byte, &count), 0);
    CHECK_INT(count, 0);
    CHECK_INT(poll(&polled, 1, 0), 0);
}
