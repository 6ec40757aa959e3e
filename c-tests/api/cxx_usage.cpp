// The API as a C++ program uses it: lambdas, threads, containers.
#include "../harness/harness.h"
#include "../harness/live.h"

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>
#include <zookeeper/zookeeper_log.h>

namespace {

struct Closer {
    void operator()(zhandle_t *zh) const { zookeeper_close(zh); }
};
using Handle = std::unique_ptr<zhandle_t, Closer>;

Handle connect()
{
    struct Waiting {
        std::promise<int> first;
        std::atomic<bool> told{false};
    };
    static Waiting waiting; // the handle may call it as long as the process lives
    Handle zh(zookeeper_init(
        live_hosts(),
        [](zhandle_t *, int type, int state, const char *, void *context) {
            auto *self = static_cast<Waiting *>(context);
            if (type == ZOO_SESSION_EVENT && !self->told.exchange(true))
                self->first.set_value(state);
        },
        20000, nullptr, &waiting, 0));
    CHECK(zh != nullptr);
    CHECK_INT(waiting.first.get_future().get(), ZOO_CONNECTED_STATE);
    return zh;
}

std::string unique_root(zhandle_t *zh)
{
    char path[128];
    CHECK_INT(zoo_create(zh, "/c-test-cxx-", nullptr, -1, &ZOO_OPEN_ACL_UNSAFE, ZOO_SEQUENCE, path,
                         sizeof path),
              ZOK);
    return path;
}

// The result of one asynchronous call.
template <typename T> struct Result {
    std::promise<std::pair<int, T>> promise;
    std::pair<int, T> wait() { return promise.get_future().get(); }
};

} // namespace

TEST(a_node_lives_through_its_whole_life, "C-010 C-142 C-146 C-147 C-149 C-154")
{
    Handle zh = connect();
    const std::string root = unique_root(zh.get()), node = root + "/node";
    const std::string text = "some data";
    Stat stat;
    std::vector<char> buffer(64);
    int length = static_cast<int>(buffer.size());
    CHECK_INT(zoo_create(zh.get(), node.c_str(), text.data(), static_cast<int>(text.size()),
                         &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, nullptr, 0),
              ZOK);
    CHECK_INT(zoo_get(zh.get(), node.c_str(), 0, buffer.data(), &length, &stat), ZOK);
    CHECK(std::string(buffer.data(), static_cast<size_t>(length)) == text);
    CHECK_INT(zoo_set(zh.get(), node.c_str(), nullptr, -1, stat.version), ZOK);
    CHECK_INT(zoo_exists(zh.get(), node.c_str(), 0, &stat), ZOK);
    CHECK_INT(stat.version, 1);
    CHECK_INT(zoo_delete(zh.get(), node.c_str(), -1), ZOK);
    CHECK_INT(zoo_delete(zh.get(), root.c_str(), -1), ZOK);
}

TEST(lambdas_serve_as_completions, "C-010 C-038 C-123 C-136")
{
    Handle zh = connect();
    const std::string root = unique_root(zh.get());
    Result<std::string> created;
    Result<std::vector<std::string>> listed;
    CHECK_INT(zoo_acreate(
                  zh.get(), (root + "/a").c_str(), "x", 1, &ZOO_OPEN_ACL_UNSAFE, 0,
                  [](int rc, const char *value, const void *data) {
                      auto *result = static_cast<Result<std::string> *>(const_cast<void *>(data));
                      result->promise.set_value({rc, value ? value : ""});
                  },
                  &created),
              ZOK);
    CHECK_INT(zoo_aget_children(
                  zh.get(), root.c_str(), 0,
                  [](int rc, const String_vector *names, const void *data) {
                      std::vector<std::string> all(names->data, names->data + names->count);
                      static_cast<Result<std::vector<std::string>> *>(const_cast<void *>(data))
                          ->promise.set_value({rc, all});
                  },
                  &listed),
              ZOK);
    CHECK(created.wait() == std::make_pair(int(ZOK), root + "/a"));
    auto names = listed.wait();
    CHECK_INT(names.first, ZOK);
    CHECK(names.second == std::vector<std::string>{"a"});
    live_remove(zh.get(), root.c_str());
}

TEST(a_watcher_delivers_to_a_future, "C-038 C-150 C-475")
{
    Handle zh = connect();
    const std::string root = unique_root(zh.get());
    std::promise<std::string> changed;
    int length = 0;
    CHECK_INT(zoo_wget(
                  zh.get(), root.c_str(),
                  [](zhandle_t *, int type, int, const char *path, void *context) {
                      if (type == ZOO_CHANGED_EVENT)
                          static_cast<std::promise<std::string> *>(context)->set_value(path);
                  },
                  &changed, nullptr, &length, nullptr),
              ZOK);
    CHECK_INT(zoo_set(zh.get(), root.c_str(), "x", 1, -1), ZOK);
    CHECK(changed.get_future().get() == root);
    live_remove(zh.get(), root.c_str());
}

TEST(standard_threads_share_a_handle, "C-516")
{
    Handle zh = connect();
    const std::string root = unique_root(zh.get());
    std::vector<std::thread> threads;
    std::atomic<int> created{0};
    for (int i = 0; i < 6; i++)
        threads.emplace_back([&] {
            for (int k = 0; k < 20; k++)
                created += zoo_create(zh.get(), (root + "/n-").c_str(), "", 0,
                                      &ZOO_OPEN_ACL_UNSAFE, ZOO_SEQUENCE, nullptr, 0) == ZOK;
        });
    for (auto &thread : threads)
        thread.join();
    String_vector names{};
    CHECK_INT(zoo_get_children(zh.get(), root.c_str(), 0, &names), ZOK);
    CHECK_INT(names.count, created.load());
    CHECK_INT(created.load(), 120);
    deallocate_String_vector(&names);
    live_remove(zh.get(), root.c_str());
}

TEST(a_vector_of_operations_is_a_transaction, "C-162 C-167")
{
    Handle zh = connect();
    const std::string root = unique_root(zh.get());
    std::vector<std::string> paths;
    for (int i = 0; i < 10; i++)
        paths.push_back(root + "/" + std::to_string(i));
    std::vector<zoo_op_t> ops(paths.size());
    std::vector<zoo_op_result_t> results(paths.size());
    for (size_t i = 0; i < ops.size(); i++)
        zoo_create_op_init(&ops[i], paths[i].c_str(), "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, nullptr, 0);
    CHECK_INT(zoo_multi(zh.get(), static_cast<int>(ops.size()), ops.data(), results.data()), ZOK);
    ops[3].type = ZOO_DELETE_OP; // programs poke at the fields
    ops[3].delete_op.path = "/no-such-node";
    ops[3].delete_op.version = -1;
    CHECK_INT(zoo_multi(zh.get(), 1, &ops[3], results.data()), ZNONODE);
    live_remove(zh.get(), root.c_str());
}

TEST(the_log_reaches_a_cxx_callback, "C-603 C-604 C-088")
{
    static std::string seen;
    log_callback_fn callback = [](const char *line) { seen += line; };
    log_message(callback, ZOO_LOG_LEVEL_WARN, __LINE__, __func__, "%s=%d", "answer", 42);
    CHECK(seen.find("answer=42") != std::string::npos);
    LOG_WARN(callback, "from a macro: %s", "yes");
    CHECK(seen.find("from a macro: yes") != std::string::npos);
}

TEST(constants_work_in_cxx_expressions, "C-009 C-020 C-023 C-031 C-033")
{
    const std::map<int, std::string> events{{ZOO_CREATED_EVENT, "created"},
                                            {ZOO_CHILD_EVENT, "child"}};
    ZOO_ERRORS code = ZNONODE;
    ACL entry{};
    entry.perms = ZOO_PERM_READ | ZOO_PERM_WRITE;
    entry.id = ZOO_ANYONE_ID_UNSAFE;
    CHECK(events.at(4) == "child");
    CHECK_STR(zerror(code), "no node");
    CHECK_INT(entry.perms, 3);
    CHECK_STR(entry.id.scheme, "world");
    CHECK_INT(ZOO_OPEN_ACL_UNSAFE.count, 1);
}
