/* Finding a server among several, and changing the list of them. */
#define _GNU_SOURCE
#include "../harness/attempts.h"
#include "../harness/cluster.h"
#include "../harness/harness.h"

#include <stdio.h>

enum { MOST_SERVERS = 6 };

static void check_even(const int *counts, int n)
{
    int least = counts[0], most = counts[0];
    for (int i = 1; i < n; i++) {
        least = counts[i] < least ? counts[i] : least;
        most = counts[i] > most ? counts[i] : most;
    }
    if (most - least > 1)
        FAIL("of %d servers one was tried %d times and another one %d times", n, most, least);
}

TEST(all_servers_are_tried_equally_often, "F-1 F-3")
{
    for (int n = 1; n <= MOST_SERVERS; n++) {
        int visits[MOST_SERVERS] = {0};
        cluster_t *c = cluster(n);
        cluster_begin(c, 600);
        for (int i = 0; i < 5 * n; i++) {
            int at = cluster_visited(c);
            fake_hang_up(fake_accept(c->fakes[at]));
            visits[at]++;
        }
        check_even(visits, n);
        CHECK_INT(zookeeper_close(c->zh), ZOK);
        cluster_stop(c);
    }
}

TEST(whichever_server_comes_back_is_found, "F-1")
{
    for (int n = 1; n <= MOST_SERVERS; n++) {
        for (int back = 0; back < n; back++) {
            cluster_t *c = cluster(n);
            probe_t get = probe(NULL);
            for (int i = 0; i < n; i++)
                fake_pause(c->fakes[i]);
            cluster_begin(c, 600);
            for (int i = 0; i < 2 * n + 1; i++) { /* as many failures at least */
                CHECK_INT(zoo_aget(c->zh, "/a", 0, on_data, &get), ZOK);
                probe_wait(&get, i + 1);
            }
            fake_resume(c->fakes[back]);
            int connection = fake_connect(c->fakes[back]);
            probe_wait(&c->session, 1);
            fake_end_session(c->zh, connection);
            cluster_stop(c);
            journal_clear();
        }
    }
}

TEST(servers_that_are_all_down_are_tried_with_pauses, "F-1 F-2")
{
    enum { TIMEOUT = 30000, PAUSE = TIMEOUT / 60, STRETCH = 2000 };
    cluster_t *clusters[MOST_SERVERS];
    stretch_t stretch = stretch_begin();
    for (int n = 1; n <= MOST_SERVERS; n++) {
        cluster_t *c = clusters[n - 1] = cluster(n);
        for (int i = 0; i < n; i++)
            fake_pause(c->fakes[i]);
        cluster_begin(c, TIMEOUT);
    }
    long long passes = stretch_end(&stretch, STRETCH) / PAUSE + 2;
    int load = stretch_load(&stretch);
    for (int n = 1; n <= MOST_SERVERS; n++) {
        int tries[MOST_SERVERS];
        for (int i = 0; i < n; i++) {
            tries[i] = attempts_at(clusters[n - 1]->fakes[i]->port);
            if (tries[i] > passes)
                FAIL("one of %d servers was tried %d times in %d ms", n, tries[i], STRETCH);
        }
        check_even(tries, n);
        CHECK(tries[0] > 1);
        CHECK_INT(zookeeper_close(clusters[n - 1]->zh), ZOK);
    }
    if (load > 25)
        FAIL("waiting for servers took %d %% of a processor", load);
}

TEST(a_list_with_a_chroot_is_refused_and_changes_nothing, "F-5")
{
    char list[64];
    stage_t *stage = stage_open("/app");
    snprintf(list, sizeof list, "127.0.0.1:%d/app", stage->fake->port);
    CHECK_INT(zoo_set_servers(stage->zh, list), ZBADARGUMENTS);
    stage_round_trip(stage);
    stage_reconnect(stage);
    journal_expect("global: session connecting", "global: session connected", NULL);
    stage_round_trip(stage);
    stage_close(stage);
}
