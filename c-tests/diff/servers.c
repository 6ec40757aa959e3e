/* Sections 4.3 and 4.5: several servers, and changing their list. */
#define _GNU_SOURCE
#include "diff.h"

static zhandle_t *on_servers(int n, int timeout_ms)
{
    char list[200] = "";
    for (int i = 1; i <= n; i++) {
        strcat(list, i > 1 ? "," : "");
        strcat(list, hosts(i));
    }
    return open_session(list, timeout_ms);
}

SCENARIO(the_first_of_two_servers_is_dead, "C-420")
{
    zhandle_t *zh;
    proxy(1, "refuse on");
    zh = on_servers(2, 3000);
    await("global: event type=-1 state=3");
    say("server %s", zoo_get_current_server(zh));
    get(zh, "/");
    finish(zh);
}

SCENARIO(two_of_three_servers_are_dead, "C-420")
{
    zhandle_t *zh;
    proxy(1, "refuse on");
    proxy(2, "refuse on");
    zh = on_servers(3, 3000);
    await("global: event type=-1 state=3");
    say("server %s", zoo_get_current_server(zh));
    get(zh, "/");
    finish(zh);
}

SCENARIO(from_the_first_server_to_the_second, "C-423")
{
    zhandle_t *zh = on_servers(2, LONG_MS);
    await("global: event type=-1 state=3");
    create(zh, "/mine", "v", ZOO_EPHEMERAL);
    get_watching(zh, "/mine", "watch");
    proxy(1, "refuse on");
    proxy(1, "cut");
    await("global: event type=-1 state=1");
    await("global: event type=-1 state=3");
    say("server %s", zoo_get_current_server(zh));
    set(zh, "/mine", "w", -1);
    await("watch: event type=3");
    finish(zh);
}

SCENARIO(an_odd_number_of_servers_is_gone_through, "C-421 C-423")
{
    zhandle_t *zh = on_servers(3, LONG_MS);
    await("global: event type=-1 state=3");
    exists(zh, "/");
    say("server %s", zoo_get_current_server(zh));
    proxy(1, "cut");
    await("global: event type=-1 state=1");
    await("global: event type=-1 state=3");
    get(zh, "/");
    finish(zh);
}

SCENARIO(a_new_server_list, "C-448 C-450 C-451")
{
    zhandle_t *zh = connected(LONG_MS);
    say("NULL: %d", zoo_set_servers(zh, NULL));
    say("same: %d", zoo_set_servers(zh, hosts(1)));
    get(zh, "/");
    finish(zh);
}

SCENARIO(resolution_delays, "C-411")
{
    zhandle_t *zh = connected(LONG_MS);
    say("%d %d %d %d", zoo_set_servers_resolution_delay(zh, -2),
        zoo_set_servers_resolution_delay(zh, -1), zoo_set_servers_resolution_delay(zh, 0),
        zoo_set_servers_resolution_delay(zh, 1000));
    get(zh, "/");
    finish(zh);
}

SCENARIO(cycling_leaves_the_connection, "C-454")
{
    zhandle_t *zh = on_servers(3, LONG_MS);
    await("global: event type=-1 state=3");
    get(zh, "/");
    zoo_cycle_next_server(zh);
    get(zh, "/");
    finish(zh);
}
