/* Lines, waiting, and the way to the faults. */
#define _GNU_SOURCE
#include "diff.h"
#include "driver.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SCENARIOS = 400, MAX_LINES = 20000, PATIENCE_MS = 15000 };

static struct {
    const char *name, *contract;
    enum scenario_kind kind;
    scenario_function run;
} scenarios[MAX_SCENARIOS];
static int scenario_count;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
/* Lines of callbacks that nobody has waited for yet; NULL when taken. */
static char *lines[MAX_LINES];
static int line_count;
static pthread_t main_thread, completion_thread;
static int completion_thread_known;

void scenario_register(const char *name, const char *contract, enum scenario_kind kind,
                       scenario_function run)
{
    if (scenario_count == MAX_SCENARIOS)
        abort();
    scenarios[scenario_count].name = name;
    scenarios[scenario_count].contract = contract;
    scenarios[scenario_count].kind = kind;
    scenarios[scenario_count++].run = run;
}

long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void put(const char *lane, const char *text, const char *thread)
{
    char line[8192];
    int length = snprintf(line, sizeof line, "%s| %s%s\n", lane, text, thread);
    if (length >= (int)sizeof line)
        length = (int)sizeof line - 1;
    if (write(STDOUT_FILENO, line, (size_t)length) != length)
        _exit(3);
}

void say(const char *format, ...)
{
    char text[7000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&mutex);
    put("main", text, "");
    pthread_mutex_unlock(&mutex);
}

/* Which kind of thread runs a callback. With a loop that is the driver's affair. */
static const char *thread_name(const char *lane)
{
    if (driver != THREADS)
        return "";
    if (pthread_equal(pthread_self(), main_thread))
        return " [main]";
    if (strcmp(lane, "cb") == 0 && !completion_thread_known) {
        completion_thread_known = 1;
        completion_thread = pthread_self();
    }
    if (completion_thread_known && pthread_equal(pthread_self(), completion_thread))
        return " [completion]";
    return " [other]";
}

void forget_thread(void)
{
    pthread_mutex_lock(&mutex);
    completion_thread_known = 0;
    pthread_mutex_unlock(&mutex);
}

void note(const char *lane, const char *format, ...)
{
    char text[7000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&mutex);
    put(lane, text, thread_name(lane));
    if (line_count < MAX_LINES)
        lines[line_count++] = strdup(text);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

void give_up(const char *format, ...)
{
    char text[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    say("gave up: %s", text);
    _exit(4);
}

static int take(const char *prefix)
{
    for (int i = 0; i < line_count; i++) {
        if (lines[i] != NULL && strncmp(lines[i], prefix, strlen(prefix)) == 0) {
            free(lines[i]);
            lines[i] = NULL;
            return 1;
        }
    }
    return 0;
}

void await(const char *format, ...)
{
    char prefix[1000];
    long long until = now_ms() + PATIENCE_MS;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(prefix, sizeof prefix, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&mutex);
    while (!take(prefix)) {
        if (now_ms() > until) {
            pthread_mutex_unlock(&mutex);
            give_up("no line '%s'", prefix);
        }
        if (driver == THREADS) {
            struct timespec deadline = {(time_t)(until / 1000 + 1), 0};
            pthread_cond_timedwait(&changed, &mutex, &deadline);
        } else {
            pthread_mutex_unlock(&mutex);
            turn();
            pthread_mutex_lock(&mutex);
        }
    }
    pthread_mutex_unlock(&mutex);
}

void await_state(zhandle_t *zh, int state)
{
    long long until = now_ms() + PATIENCE_MS;
    while (zoo_state(zh) != state) {
        if (now_ms() > until)
            give_up("the state is %d, not %d", zoo_state(zh), state);
        turn();
    }
}

void say_time(const char *what, long long start, int low, int high)
{
    long long took = now_ms() - start;
    if (took >= low && took <= high)
        say("%s: in time", what);
    else
        say("%s: after %lld ms, not %d to %d", what, took, low, high);
}

const char *hosts(int n)
{
    char name[20];
    const char *found;
    snprintf(name, sizeof name, "ZK_PROXY_%d", n);
    found = getenv(name);
    if (found == NULL)
        give_up("%s is not set", name);
    return found;
}

const char *direct(void)
{
    const char *found = getenv("ZK_DIRECT");
    if (found == NULL)
        give_up("ZK_DIRECT is not set");
    return found;
}

static const char *ask(const char *whom, const char *command)
{
    static char answer[1000];
    char line[4000];
    int length = snprintf(line, sizeof line, "@%s %s\n", whom, command);
    pthread_mutex_lock(&mutex);
    if (write(STDOUT_FILENO, line, (size_t)length) != length)
        _exit(3);
    pthread_mutex_unlock(&mutex);
    if (fgets(answer, sizeof answer, stdin) == NULL)
        give_up("no answer to '%s'", command);
    answer[strcspn(answer, "\n")] = 0;
    if (strncmp(answer, "ok", 2) != 0)
        give_up("'%s': %s", command, answer);
    return strlen(answer) > 3 ? answer + 3 : "";
}

const char *proxy(int n, const char *format, ...)
{
    char command[3000], whom[20];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    snprintf(whom, sizeof whom, "proxy%d", n);
    return ask(whom, command);
}

void proxy_await(int proxy_number, const char *what, int n)
{
    long long until = now_ms() + PATIENCE_MS;
    if (driver == THREADS) {
        proxy(proxy_number, "await %s %d", what, n);
        return;
    }
    while (atoi(proxy(proxy_number, "count %s", what)) < n) {
        if (now_ms() > until)
            give_up("no %d frames '%s'", n, what);
        turn();
    }
}

void server(const char *format, ...)
{
    char command[500];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    ask("server", command);
}

int main(int argc, char **argv)
{
    pthread_condattr_t attributes;
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (int i = 0; i < scenario_count; i++)
            printf("%s %s %s\n", scenarios[i].name,
                   scenarios[i].kind == ANY_DRIVER ? "any" : "threads", scenarios[i].contract);
        return 0;
    }
    if (argc == 4 && strcmp(argv[2], "--loop") == 0)
        driver_choose(argv[3]);
    else if (argc != 2) {
        fprintf(stderr, "usage: diff --list | NAME [--loop select|poll|epoll]\n");
        return 2;
    }
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attributes);
    main_thread = pthread_self();
    zoo_set_debug_level(getenv("ZK_DEBUG") ? ZOO_LOG_LEVEL_DEBUG : (ZooLogLevel)0);
    zoo_deterministic_conn_order(1);
    for (int i = 0; i < scenario_count; i++) {
        if (strcmp(scenarios[i].name, argv[1]) == 0) {
            scenarios[i].run();
            return 0;
        }
    }
    fprintf(stderr, "there is no scenario '%s'\n", argv[1]);
    return 2;
}
