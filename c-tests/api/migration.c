/* Moving sessions when the list of servers changes (the probabilities). */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

typedef struct {
    fake_t *a, *b, *c;
    zhandle_t *zh;
    probe_t session;
    int connection; /* to server a */
} move_t;

static void two(char *out, size_t size, const fake_t *one, const fake_t *other)
{
    snprintf(out, size, "%s,%s", one->hosts, other->hosts);
}

/* Connected to the first of these servers. */
static move_t *begin(int servers)
{
    move_t *m = (move_t *)calloc(1, sizeof *m);
    char hosts[80];
    CHECK(m != NULL);
    m->a = fake_start();
    m->b = fake_start();
    m->c = fake_start();
    m->session = probe("global");
    zoo_deterministic_conn_order(1);
    two(hosts, sizeof hosts, m->a, m->b);
    m->zh = zookeeper_init(servers == 1 ? m->a->hosts : hosts, on_event, 20000, NULL, &m->session,
                           ZOO_NO_LOG_CLIENTENV);
    CHECK(m->zh != NULL);
    m->connection = fake_connect(m->a);
    journal_expect("global: session connected", NULL);
    journal_clear();
    return m;
}

static void end(move_t *m, int connection)
{
    fake_end_session(m->zh, connection);
    fake_stop(m->a);
    fake_stop(m->b);
    fake_stop(m->c);
    free(m);
    journal_clear();
}

TEST(a_longer_list_moves_some_sessions_to_the_new_server, "C-451 C-452 C-453")
{
    NOT_ON_THE_REFERENCE("C-450: it ignores ports");
    int moved = 0, stayed = 0;
    /* each with probability 1/2: 60 equal outcomes don't happen */
    for (int i = 0; i < 60 && !(moved && stayed); i++) {
        move_t *m = begin(1);
        char hosts[80];
        two(hosts, sizeof hosts, m->a, m->b);
        CHECK_INT(zoo_set_servers(m->zh, hosts), ZOK);
        CHECK_INT(zoo_adelete(m->zh, "/a", -1, on_void, &m->session), ZOK);
        struct pollfd polled[] = {{m->connection, POLLIN, 0}, {m->b->listener, POLLIN, 0}};
        char byte;
        CHECK(poll(polled, 2, PATIENCE_MS) > 0);
        if (polled[0].revents && recv(m->connection, &byte, 1, MSG_PEEK) == 1) {
            stayed++;
            end(m, m->connection);
        } else {
            moved++;
            fake_hang_up(m->connection);
            end(m, fake_connect(m->b));
        }
    }
    CHECK(moved > 0 && stayed > 0);
}

TEST(a_replaced_server_sends_its_sessions_to_the_new_one, "C-451 C-453")
{
    NOT_ON_THE_REFERENCE("C-450: it ignores ports");
    for (int i = 0; i < 5; i++) {
        move_t *m = begin(2);
        char hosts[80];
        two(hosts, sizeof hosts, m->b, m->c);
        CHECK_INT(zoo_set_servers(m->zh, hosts), ZOK);
        CHECK_INT(fake_wait_end(m->connection), 0);
        fake_hang_up(m->connection);
        int connection = fake_connect(m->c); /* never to b, which has its share */
        journal_expect("global: session connecting", "global: session connected", NULL);
        end(m, connection);
    }
}

TEST(an_unreachable_new_server_leaves_the_old_ones, "C-453 C-451")
{
    NOT_ON_THE_REFERENCE("C-450: it ignores ports");
    move_t *m = begin(2);
    char hosts[80];
    fake_pause(m->c);
    two(hosts, sizeof hosts, m->b, m->c);
    CHECK_INT(zoo_set_servers(m->zh, hosts), ZOK);
    CHECK_INT(fake_wait_end(m->connection), 0);
    fake_hang_up(m->connection);
    int connection = fake_connect(m->b);
    journal_expect("global: session connecting", "global: session connected", NULL);
    end(m, connection);
}

TEST(after_a_move_round_robin_resumes_over_the_new_list, "C-453 C-424 C-421")
{
    NOT_ON_THE_REFERENCE("C-450: it ignores ports");
    move_t *m = begin(1);
    char hosts[80];
    int seen_b = 0, seen_c = 0, connection;
    two(hosts, sizeof hosts, m->b, m->c);
    CHECK_INT(zoo_set_servers(m->zh, hosts), ZOK);
    CHECK_INT(fake_wait_end(m->connection), 0);
    fake_hang_up(m->connection);
    for (int i = 0;; i++) {
        struct pollfd polled[] = {{m->b->listener, POLLIN, 0}, {m->c->listener, POLLIN, 0}};
        CHECK(poll(polled, 2, PATIENCE_MS) > 0);
        seen_b += polled[0].revents != 0;
        seen_c += polled[0].revents == 0;
        connection = fake_connect(polled[0].revents ? m->b : m->c);
        if (i == 5)
            break;
        fake_hang_up(connection);
    }
    CHECK_INT(seen_b, 3);
    CHECK_INT(seen_c, 3);
    CHECK(!fake_has_visitor(m->a));
    end(m, connection);
}

TEST(a_list_may_change_while_nothing_can_be_reached, "C-448 C-453")
{
    NOT_ON_THE_REFERENCE("C-450: it ignores ports");
    move_t *m = begin(1);
    probe_t get = probe("get");
    fake_pause(m->a);
    fake_hang_up(m->connection);
    journal_wait("global: session connecting");
    CHECK_INT(zoo_aget(m->zh, "/a", 0, on_data, &get), ZOK);
    probe_wait(&get, 1);
    CHECK_INT(zoo_set_servers(m->zh, m->b->hosts), ZOK);
    int connection = fake_connect(m->b);
    journal_wait("global: session connected");
    end(m, connection);
}
