/* Handles that may read only, and their search for a read/write server. */
#define _GNU_SOURCE
#include "../harness/attempts.h"
#include "../harness/cluster.h"
#include "../harness/harness.h"
#include "../harness/live.h"

#include <stdatomic.h>
#include <sys/socket.h>

static const welcome_t read_only_welcome = {0, 0x7777, "read-only-server", 1, 0};

/* A handle on the first server, which only reads; returns the connection. */
static int begin_read_only(cluster_t *c, int timeout)
{
    zoo_deterministic_conn_order(1);
    cluster_begin_with(c, timeout, ZOO_READONLY);
    int connection = fake_accept(c->fakes[0]);
    connect_request_t request = fake_read_connect(connection);
    fake_welcome(connection, &request, &read_only_welcome);
    wait_for_state(c->zh, ZOO_READONLY_STATE);
    return connection;
}

/* Accepts the next connection of this server, which asks "isro". */
static int take_probe(fake_t *fake)
{
    char word[4];
    int prober = fake_accept(fake);
    CHECK(recv(prober, word, 4, MSG_WAITALL) == 4);
    CHECK_BYTES(word, 4, "isro", 4);
    return prober;
}

static void answer_probe(fake_t *fake, const char *answer)
{
    int prober = take_probe(fake);
    fake_send(prober, answer, strlen(answer));
    fake_hang_up(prober);
}

/* A handle that never gets anywhere, and a thread that keeps it trying. */
typedef struct {
    cluster_t *cluster;
    probe_t get;
    atomic_int stop;
    test_thread *thread;
} restless_t;

static void try_again(void *argument)
{
    restless_t *self = (restless_t *)argument;
    for (int i = 0; !self->stop; i++) {
        CHECK_INT(zoo_aget(self->cluster->zh, "/a", 0, on_data, &self->get), ZOK);
        probe_wait(&self->get, i + 1);
    }
}

static restless_t *restless(void)
{
    restless_t *self = (restless_t *)calloc(1, sizeof *self);
    CHECK(self != NULL);
    self->cluster = cluster(2);
    self->get = probe(NULL);
    fake_pause(self->cluster->fakes[0]);
    fake_pause(self->cluster->fakes[1]);
    cluster_begin(self->cluster, 600);
    self->thread = thread_start(try_again, self);
    return self;
}

static void more_attempts(restless_t *self)
{
    probe_wait(&self->get, probe_calls(&self->get) + 6);
}

static void restless_close(restless_t *self)
{
    self->stop = 1;
    thread_join(self->thread);
    CHECK_INT(zookeeper_close(self->cluster->zh), ZOK);
    cluster_stop(self->cluster);
    free(self);
}

TEST(a_handle_never_visits_the_servers_of_another_one, "F-14")
{
    for (int round = 0; round < 10; round++) {
        restless_t *other = restless();
        cluster_t *c = cluster(2);
        int first = begin_read_only(c, 20000);
        answer_probe(c->fakes[0], "ro");
        answer_probe(c->fakes[1], "rw");
        int connection = fake_accept(c->fakes[1]);
        connect_request_t request = fake_read_connect(connection);
        if (!request.read_only)
            FAIL("another handle has come to the read/write server");
        fake_welcome(connection, &request, &usual_welcome);
        wait_for_state(c->zh, ZOO_CONNECTED_STATE);
        more_attempts(other);
        CHECK(!fake_has_visitor(c->fakes[1]));
        CHECK_INT(probe_calls(&other->cluster->session), 0);
        fake_hang_up(first);
        fake_end_session(c->zh, connection);
        more_attempts(other); /* nothing of the closed handle is in use */
        CHECK(!fake_has_visitor(c->fakes[1]));
        restless_close(other);
        cluster_stop(c);
        journal_clear();
    }
}

TEST(a_silent_probe_peer_does_not_stop_pings, "F-15")
{
    cluster_t *c = cluster(1);
    int connection = begin_read_only(c, 2400);
    int prober = take_probe(c->fakes[0]); /* and never answers */
    for (int i = 0; i < 2; i++) {
        frame_t frame = fake_receive_any(connection);
        CHECK_INT(frame.type, ZOO_PING_OP);
        fake_reply(connection, frame.xid, 0, 0, NULL);
        frame_free(&frame);
    }
    fake_end_session(c->zh, connection);
    fake_hang_up(prober);
}

TEST(failed_probes_leave_no_descriptors, "F-15")
{
    cluster_t *c = cluster(2);
    fake_pause(c->fakes[1]);
    int connection = begin_read_only(c, 20000);
    int before = harness_descriptors();
    for (int i = 0; i < 2; i++) {
        answer_probe(c->fakes[0], "ro");
        EVENTUALLY(attempts_at(c->fakes[1]->port) == i + 1);
    }
    EVENTUALLY(harness_descriptors() == before);
    fake_end_session(c->zh, connection);
}
