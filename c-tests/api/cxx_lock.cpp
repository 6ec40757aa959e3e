// A distributed lock in C++: the classic recipe of ephemeral sequence nodes,
// as a program with several sessions would write it.
#include "../harness/harness.h"
#include "../harness/live.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

class Session {
public:
    Session() : zh_(zookeeper_init(live_hosts(), &Session::watch, 20000, nullptr, this, 0))
    {
        CHECK(zh_ != nullptr);
        std::unique_lock<std::mutex> guard(mutex_);
        CHECK(changed_.wait_for(guard, std::chrono::milliseconds(PATIENCE_MS),
                                [this] { return state_ == ZOO_CONNECTED_STATE; }));
    }
    ~Session() { close(); }
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;

    zhandle_t *get() const { return zh_; }
    void close()
    {
        if (zh_ != nullptr)
            CHECK_INT(zookeeper_close(zh_), ZOK);
        zh_ = nullptr;
    }

private:
    static void watch(zhandle_t *, int type, int state, const char *path, void *context)
    {
        auto *self = static_cast<Session *>(context);
        CHECK_INT(type, ZOO_SESSION_EVENT);
        CHECK_STR(path, "");
        std::lock_guard<std::mutex> guard(self->mutex_);
        self->state_ = state;
        self->changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    int state_ = 0;
    zhandle_t *zh_;
};

class Lock {
public:
    Lock(Session &session, std::string root) : session_(session), root_(std::move(root)) {}

    void acquire()
    {
        char path[256];
        CHECK_INT(zoo_create(session_.get(), (root_ + "/lock-").c_str(), nullptr, -1,
                             &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL_SEQUENTIAL, path, sizeof path),
                  ZOK);
        mine_ = path;
        for (std::string before = predecessor(); !before.empty(); before = predecessor())
            wait_for_end_of(before);
    }
    void release() { CHECK_INT(zoo_delete(session_.get(), mine_.c_str(), -1), ZOK); }

private:
    std::string predecessor() const
    {
        String_vector names{};
        CHECK_INT(zoo_get_children(session_.get(), root_.c_str(), 0, &names), ZOK);
        std::vector<std::string> all(names.data, names.data + names.count);
        deallocate_String_vector(&names);
        std::sort(all.begin(), all.end());
        auto me = std::find(all.begin(), all.end(), mine_.substr(root_.size() + 1));
        CHECK(me != all.end());
        return me == all.begin() ? "" : root_ + "/" + *(me - 1);
    }

    // Waits for the next event of a node; its disappearance counts too.
    void wait_for_end_of(const std::string &path)
    {
        std::unique_lock<std::mutex> guard(mutex_);
        fired_ = false;
        guard.unlock();
        int rc = zoo_wexists(session_.get(), path.c_str(), &Lock::notice, this, nullptr);
        if (rc == ZNONODE) {
            rc = zoo_remove_watches(session_.get(), path.c_str(), ZWATCHTYPE_ANY, &Lock::notice,
                                    this, 1);
            CHECK(rc == ZOK || rc == ZNOWATCHER);
            return;
        }
        CHECK_INT(rc, ZOK);
        guard.lock();
        CHECK(changed_.wait_for(guard, std::chrono::milliseconds(PATIENCE_MS),
                                [this] { return fired_; }));
    }
    static void notice(zhandle_t *, int, int, const char *, void *context)
    {
        auto *self = static_cast<Lock *>(context);
        std::lock_guard<std::mutex> guard(self->mutex_);
        self->fired_ = true;
        self->changed_.notify_all();
    }

    Session &session_;
    std::string root_, mine_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool fired_ = false;
};

} // namespace

TEST(a_lock_recipe_lets_one_session_in_at_a_time, "C-148 C-156 C-163 C-475 C-516")
{
    live_t *live = live_open();
    const std::string root = live->root;
    std::mutex mutex;
    int inside = 0, most = 0, turns = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] {
            Session session;
            for (int turn = 0; turn < 3; turn++) {
                Lock lock(session, root);
                lock.acquire();
                {
                    std::lock_guard<std::mutex> guard(mutex);
                    most = std::max(most, ++inside);
                }
                CHECK_INT(zoo_exists(session.get(), root.c_str(), 0, nullptr), ZOK);
                {
                    std::lock_guard<std::mutex> guard(mutex);
                    inside--;
                    turns++;
                }
                lock.release();
            }
            session.close();
        });
    for (auto &thread : threads)
        thread.join();
    CHECK_INT(most, 1);
    CHECK_INT(turns, 12);
    live_close(live);
}

TEST(a_closed_session_gives_up_its_lock, "C-530 C-475 C-148")
{
    live_t *live = live_open();
    Session first, second;
    Lock held(first, live->root), wanted(second, live->root);
    held.acquire();
    std::thread waiter([&] { wanted.acquire(); });
    first.close();
    waiter.join();
    wanted.release();
    second.close();
    live_close(live);
}
