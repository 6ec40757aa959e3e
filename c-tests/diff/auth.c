/* Section 7: zoo_add_auth. */
#define _GNU_SOURCE
#include "diff.h"

static int add_auth(zhandle_t *zh, const char *credential, const char *name)
{
    int rc = zoo_add_auth(zh, "digest", credential, credential ? (int)strlen(credential) : 0,
                          on_auth, name);
    say("%s: %d", name, rc);
    return rc;
}

SCENARIO(real_auth_opens_protected_nodes, "C-221 C-560 C-562 C-564")
{
    zhandle_t *zh = connected(LONG_MS), *other;
    add_auth(zh, "user:secret", "auth");
    await("auth: rc");
    say("create: %d",
        zoo_acreate(zh, "/auth", "v", 1, &ZOO_CREATOR_ALL_ACL, 0, on_string, "create"));
    await("create: ");
    get_acl(zh, "/auth");
    get(zh, "/auth");
    finish(zh);
    other = connected(LONG_MS);
    get(other, "/auth");
    set(other, "/auth", "w", -1);
    add_auth(other, "user:wrong", "wrong");
    await("wrong: rc");
    get(other, "/auth");
    add_auth(other, "user:secret", "right");
    await("right: rc");
    get(other, "/auth");
    finish(other);
}

SCENARIO(auth_before_the_connection, "C-431 C-561 C-563 C-564")
{
    zhandle_t *zh;
    proxy(1, "hold");
    zh = open_session(hosts(1), LONG_MS);
    proxy_await(1, "connect", 1);
    add_auth(zh, "a:1", "first");
    add_auth(zh, "b:2", "second");
    add_auth(zh, NULL, "third");
    send_get(zh, "/");
    proxy(1, "release");
    await("first: rc");
    await("second: rc");
    await("third: rc");
    await("get /: ");
    finish(zh);
}

SCENARIO(auth_is_sent_again_last_first, "C-431 C-563 C-564")
{
    zhandle_t *zh = connected(LONG_MS);
    add_auth(zh, "a:1", "first");
    await("first: rc");
    add_auth(zh, "b:2", "second");
    await("second: rc");
    get_watching(zh, "/", "watch");
    proxy(1, "on reply GetData cut 0");
    send_get(zh, "/");
    await("get /: ");
    send_get(zh, "/");
    await("get /: ");
    await("global: event type=-1 state=3");
    finish(zh);
}

SCENARIO(odd_credentials, "C-221 C-560 C-561")
{
    zhandle_t *zh = connected(LONG_MS);
    say("%d", zoo_add_auth(zh, NULL, "a:b", 3, on_auth, "x"));
    say("%d", zoo_add_auth(zh, "digest", "a:b", 0, on_auth, "length 0"));
    await("length 0: ");
    say("%d", zoo_add_auth(zh, "digest", "a\0:b", 4, on_auth, "binary"));
    await("binary: ");
    say("%d", zoo_add_auth(zh, "digest", "a:b", 3, NULL, NULL));
    get(zh, "/");
    finish(zh);
}

SCENARIO(real_an_unknown_scheme_ends_the_session, "C-437 C-442")
{
    zhandle_t *zh = connected(LONG_MS);
    say("%d", zoo_add_auth(zh, "nonsense", "a:b", 3, on_auth, "auth"));
    await("auth: ");
    await("global: event type=-1 state=-113");
    say("state %d unrecoverable %d", zoo_state(zh), is_unrecoverable(zh));
    get(zh, "/");
    say("%d", zoo_add_auth(zh, "digest", "a:b", 3, on_auth, "auth"));
    finish(zh);
}

SCENARIO(a_refused_credential, "C-437 C-442 C-566")
{
    zhandle_t *zh = connected(LONG_MS);
    get_watching(zh, "/", "watch");
    proxy(1, "on reply Auth err -115");
    proxy(1, "on request Exists drop");
    send_exists(zh, "/");
    proxy_await(1, "request Exists", 1);
    add_auth(zh, "a:1", "auth");
    await("auth: ");
    await("global: event type=-1 state=-113");
    await("exists /: ");
    finish(zh);
}

SCENARIO(a_credential_refused_with_another_code, "C-437 C-566")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "on reply Auth err -4");
    add_auth(zh, "a:1", "auth");
    await("auth: ");
    await("global: event type=-1 state=-113");
    finish(zh);
}

SCENARIO(a_credential_refused_on_a_resend, "C-566")
{
    zhandle_t *zh = connected(LONG_MS);
    add_auth(zh, "a:1", "auth");
    await("auth: ");
    proxy(1, "on reply Auth err -115");
    proxy(1, "cut");
    await("global: event type=-1 state=-113");
    finish(zh);
}

SCENARIO(the_first_reply_completes_all, "C-564")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "hold");
    add_auth(zh, "a:1", "first");
    proxy_await(1, "request Auth", 1);
    add_auth(zh, "b:2", "second");
    proxy_await(1, "request Auth", 2);
    add_auth(zh, "c:3", "third");
    proxy_await(1, "request Auth", 3);
    proxy(1, "on reply Auth skip=1 drop");
    proxy(1, "release");
    await("first: ");
    await("second: ");
    await("third: ");
    get(zh, "/");
    finish(zh);
}

SCENARIO(a_loss_before_the_reply, "C-565")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "on reply Auth cut 3");
    add_auth(zh, "a:1", "auth");
    await("auth: ");
    await("global: event type=-1 state=1");
    await("global: event type=-1 state=3");
    get(zh, "/");
    finish(zh);
}

SCENARIO(an_auth_reply_cut_at_every_byte, "C-565")
{
    for (int k = 0; k < 20; k++) {
        zhandle_t *zh = connected(3000);
        proxy(1, "on reply Auth cut %d", k);
        add_auth(zh, "a:1", "auth");
        await("auth: ");
        await("global: event type=-1 state=3");
        finish(zh);
    }
}

/* A loop has no pauses: each of its turns may make an attempt. */
SYNC_SCENARIO(auth_in_the_pause, "C-401 C-560")
{
    zhandle_t *zh;
    proxy(1, "refuse on");
    /* A pause of four seconds, which the request ends. */
    zh = open_session(hosts(1), 240000);
    await_state(zh, 0);
    int kept = add_auth(zh, "a:1", "auth") == ZOK;
    proxy(1, "refuse off");
    get(zh, "/");
    await("global: event type=-1 state=3");
    if (kept)
        await("auth: rc");
    finish(zh);
}
