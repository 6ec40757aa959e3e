/* States, codes and threads of a session that other programs leave aside. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/stage.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The ids of this process' threads; returns their number. */
static int threads(pid_t *ids, int room)
{
    DIR *tasks = opendir("/proc/self/task");
    int n = 0;
    CHECK(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        if (entry->d_name[0] != '.' && n < room)
            ids[n++] = (pid_t)atoi(entry->d_name);
    closedir(tasks);
    return n;
}

static int thread_count(void)
{
    pid_t ids[64];
    return threads(ids, 64);
}

TEST(loading_the_library_starts_nothing, "C-012")
{
    NOT_UNDER_THREAD_SANITIZER("it has a thread of its own");
    sigset_t mask;
    CHECK_INT(thread_count(), 1);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (int signal = 1; signal < 32; signal++) {
        struct sigaction action;
        CHECK_INT(sigaction(signal, NULL, &action), 0);
        CHECK(action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN);
        CHECK(!sigismember(&mask, signal));
    }
}

TEST(a_process_with_an_open_handle_exits_as_usual, "C-012")
{
    int status;
    live_hosts();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        probe_t session = probe(NULL);
        live_session("", &session);
        exit(7);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 7);
}

TEST(the_first_request_is_numbered_by_the_clock, "C-012 C-205")
{
    stage_t *stage = stage_open("");
    CHECK_INT(zoo_adelete(stage->zh, "/a", -1, on_void, &stage->done), ZOK);
    frame_t frame = fake_receive_type(stage->connection, ZOO_DELETE_OP);
    long long distance = (long long)time(NULL) - frame.xid;
    CHECK_INT(distance / 3600, 0);
    stage_close(stage);
}

/* A port where connections stay half open: its queue is full. */
static int full_port(void)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    CHECK(listen(listener, 0) == 0);
    int visitor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(connect(visitor, (struct sockaddr *)&address, sizeof address) == 0);
    return ntohs(address.sin_port);
}

TEST(a_server_that_takes_no_connection_is_given_up, "C-402 C-413 C-433 C-434 C-442 T-05")
{
    char hosts[64];
    probe_t session = probe("global"), get = probe("get");
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", full_port());
    zhandle_t *zh = zookeeper_init(hosts, on_event, 900, NULL, &session, 0);
    CHECK(zh != NULL);
    CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &get), ZOK);
    wait_for_state(zh, ZOO_CONNECTING_STATE);
    probe_wait(&get, 1);
    CHECK_INT(get.rc, ZOPERATIONTIMEOUT);
    CHECK_INT(zookeeper_close(zh), ZOK);
    CHECK_INT(probe_calls(&session), 0);
}

TEST(the_pause_between_attempts_is_state_zero_until_a_call_ends_it, "C-401 C-422 C-560 T-09 T-11 F-18")
{
    char hosts[64];
    probe_t get = probe("get"), auth = probe("auth");
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    /* the pause is a minute long */
    zhandle_t *zh = zookeeper_init(hosts, NULL, 3600000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    CHECK(zh != NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &get), ZOK);
        probe_wait(&get, i + 1);
        wait_for_state(zh, 0);
    }
    /* a credential that the original refuses here is kept for the next connection */
    int kept = !on_the_reference();
    CHECK_INT(zoo_add_auth(zh, "digest", "a:b", 3, on_void, &auth), kept ? ZOK : ZINVALIDSTATE);
    CHECK_INT(is_unrecoverable(zh), ZOK);
    CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &get), ZOK); /* ends the pause */
    probe_wait(&get, 4);
    CHECK_INT(get.rc, ZCONNECTIONLOSS);
    CHECK_INT(zookeeper_close(zh), ZOK);
    CHECK_INT(probe_calls(&auth), kept);
}

TEST(a_socket_that_cannot_be_made_is_a_system_error, "C-442")
{
    char hosts[64];
    probe_t get = probe("get");
    struct rlimit limit, none;
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    zhandle_t *zh = zookeeper_init(hosts, NULL, 3600000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    CHECK(zh != NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &get), ZOK);
        probe_wait(&get, i + 1);
    }
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    none = limit;
    none.rlim_cur = 0;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    /* The first of them may end with an attempt that has its socket already. */
    for (int i = 3; i < 5; i++) {
        CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &get), ZOK);
        probe_wait(&get, i + 1);
    }
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK_INT(get.rc, ZSYSTEMERROR);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

static void refuse_credential(stage_t *stage)
{
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, NULL, NULL), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, -4, 0, ZAUTHFAILED, NULL);
    journal_wait("global: session auth-failed");
}

TEST(a_session_that_is_over_keeps_the_thread_for_callbacks_only, "C-406 C-436 C-437 C-537")
{
    NOT_UNDER_THREAD_SANITIZER("it has a thread of its own");
    for (int round = 0; round < 2; round++) {
        stage_t *stage = stage_open("");
        (round ? refuse_credential : stage_expire)(stage);
        EVENTUALLY(thread_count() == 2);
        CHECK_INT(zoo_state(stage->zh),
                  round ? ZOO_AUTH_FAILED_STATE : ZOO_EXPIRED_SESSION_STATE);
        CHECK_INT(fake_wait_end(stage->connection), 0);
        stage_close_unconnected(stage);
        EVENTUALLY(thread_count() == 1);
        journal_clear();
    }
}

TEST(watchers_hear_of_a_refused_credential_once, "C-482 C-480 C-437")
{
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch");
    CHECK_INT(zoo_awget(stage->zh, "/a", on_event, &watch, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    CHECK_INT(zoo_awexists(stage->zh, "/b", on_event, &watch, on_stat, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_EXISTS_OP, ZNONODE);
    probe_wait(&stage->done, 2);
    journal_clear();
    refuse_credential(stage);
    journal_expect("watch: session auth-failed", "global: session auth-failed", NULL);
    stage_close_unconnected(stage);
    CHECK_INT(watch.calls, 1);
}

TEST(only_replies_to_requests_move_the_last_zxid, "C-439 C-211 T-35")
{
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth"), get = probe("get");
    wire_t event = {NULL, 0};
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    frame_t frame = fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    fake_reply(stage->connection, frame.xid, 77, ZNONODE, NULL);
    probe_wait(&get, 1);
    put_int(&event, ZOO_CHANGED_EVENT);
    put_int(&event, 3);
    put_string(&event, "/nobody");
    fake_reply(stage->connection, -1, 5000, 0, &event);
    fake_reply(stage->connection, -2, 6000, 0, NULL);
    CHECK_INT(zoo_add_auth(stage->zh, "a", "b", 1, on_void, &auth), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, -4, 7000, 0, NULL);
    probe_wait(&auth, 1); /* the last of the frames was read */
    fake_hang_up(stage->connection);
    stage->connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(stage->connection);
    CHECK_INT(request.last_zxid, 77);
    fake_welcome(stage->connection, &request, &usual_welcome);
    stage_close(stage);
}

TEST(a_negotiated_timeout_is_taken_as_it_is, "C-216 C-215")
{
    stage_t *stage = stage_open_unanswered(STAGE_TIMEOUT_MS);
    welcome_t welcome = usual_welcome;
    connect_request_t request = fake_read_connect(stage->connection);
    welcome.timeout = -5;
    fake_pause(stage->fake);
    fake_welcome(stage->connection, &request, &welcome);
    journal_wait("global: session connected");
    CHECK_INT(zoo_recv_timeout(stage->zh), -5);
    journal_wait("global: session connecting"); /* it is over at once */
    stage_close_unconnected(stage);
}

TEST(a_server_that_wants_sasl_says_so_and_hangs_up, "C-575 C-442")
{
    stage_t *stage = stage_open("");
    probe_t one = probe("one"), two = probe("two");
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &one), ZOK);
    CHECK_INT(zoo_adelete(stage->zh, "/a", -1, on_void, &two), ZOK);
    frame_t first = fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    fake_receive_type(stage->connection, ZOO_DELETE_OP);
    fake_reply(stage->connection, first.xid, 1, ZSESSIONCLOSEDREQUIRESASLAUTH, NULL);
    fake_pause(stage->fake);
    fake_hang_up(stage->connection);
    journal_expect("one: -124", "global: session connecting", "two: -4", NULL);
    stage_close_unconnected(stage);
}

static atomic_int interruptions;

static void interrupt(int signal)
{
    (void)signal;
    interruptions++;
}

static atomic_bool finished;

static void send_signals(void *argument)
{
    (void)argument;
    while (!finished) {
        pid_t ids[16], self = (pid_t)syscall(SYS_gettid);
        int n = threads(ids, 16);
        for (int i = 0; i < n; i++)
            if (ids[i] != self) /* one may have ended by now */
                syscall(SYS_tgkill, getpid(), ids[i], SIGUSR1);
    }
}

TEST(signals_that_interrupt_every_thread_do_no_harm, "C-520 T-40")
{
    live_t *live = live_open();
    struct sigaction action;
    struct Stat stat;
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt; /* without SA_RESTART */
    CHECK_INT(sigaction(SIGUSR1, &action, NULL), 0);
    test_thread *sender = thread_start(send_signals, NULL);
    for (int i = 0; i < 50; i++) {
        CHECK_INT(zoo_set2(live->zh, live->root, "x", 1, -1, &stat), ZOK);
        CHECK_INT(stat.version, i + 1);
    }
    EVENTUALLY(interruptions > 100);
    finished = 1;
    thread_join(sender);
    CHECK_INT(journal_count("global: session connecting"), 0);
    live_close(live);
}

TEST(the_threads_of_a_handle_have_names, "C-510 T-40 F-56")
{
    NOT_ON_THE_REFERENCE("C-510: it leaves them with the program's name");
    pid_t ids[8];
    int io = 0, completion = 0;
    stage_t *stage = stage_open("");
    int n = threads(ids, 8);
    for (int i = 0; i < n; i++) {
        char path[64], name[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%d/comm", (int)ids[i]);
        FILE *comm = fopen(path, "r");
        CHECK(comm != NULL && fgets(name, sizeof name, comm) != NULL);
        fclose(comm);
        io += strcmp(name, "zk-io\n") == 0;
        completion += strcmp(name, "zk-completion\n") == 0;
    }
    CHECK_INT(io, 1);
    CHECK_INT(completion, 1);
    stage_close(stage);
}
