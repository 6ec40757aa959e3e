/* Calls that wait for their results. */
#define _POSIX_C_SOURCE 200809L

#include "soak.h"

#include <string.h>

static int create(struct slot *slot, const char *path, struct dice *dice)
{
    const char *data = slot->soak->data;
    int length = choose_length(dice);
    char created[PATH];
    struct Stat stat;
    if (dice_below(dice, 2) == 0) {
        return zoo_create2(slot->zh, path, data, length, &ZOO_OPEN_ACL_UNSAFE, choose_mode(dice), created,
                           sizeof created, &stat);
    }
    return zoo_create(slot->zh, path, data, length, &ZOO_OPEN_ACL_UNSAFE, choose_mode(dice), created,
                      sizeof created);
}

static int get(struct slot *slot, const char *path, watcher_fn watcher)
{
    char data[LONGEST];
    int length = sizeof data;
    struct Stat stat;
    int rc = zoo_wget(slot->zh, path, watcher, slot, data, &length, &stat);
    if (rc == ZOK) {
        check_data(slot, data, length, &stat);
    }
    return rc;
}

static int get_children(struct slot *slot, const char *path, watcher_fn watcher, struct dice *dice)
{
    struct String_vector names;
    struct Stat stat;
    int rc = dice_below(dice, 2) == 0 ? zoo_wget_children(slot->zh, path, watcher, slot, &names)
                                      : zoo_wget_children2(slot->zh, path, watcher, slot, &names, &stat);
    if (rc == ZOK) {
        deallocate_String_vector(&names);
    }
    return rc;
}

static int get_acl(struct slot *slot, const char *path)
{
    struct ACL_vector acl;
    struct Stat stat;
    int rc = zoo_get_acl(slot->zh, path, &acl, &stat);
    if (rc == ZOK) {
        deallocate_ACL_vector(&acl);
    }
    return rc;
}

static int call(struct slot *slot, enum kind kind, struct dice *dice)
{
    zhandle_t *zh = slot->zh;
    watcher_fn watcher = dice_below(dice, 3) == 0 ? on_watch : NULL;
    char path[PATH];
    char paths[MULTI_OPS][PATH];
    zoo_op_t ops[MULTI_OPS];
    zoo_op_result_t results[MULTI_OPS];
    struct Stat stat;
    char text[1024];
    int length = sizeof text;
    choose_path(dice, path);
    switch (kind) {
    case CREATE:
        return create(slot, path, dice);
    case DELETE:
        return zoo_delete(zh, path, choose_version(dice));
    case EXISTS:
        return zoo_wexists(zh, path, watcher, slot, &stat);
    case GET:
        return get(slot, path, watcher);
    case SET:
        return zoo_set2(zh, path, slot->soak->data, choose_length(dice), choose_version(dice), &stat);
    case CHILDREN:
        return get_children(slot, path, watcher, dice);
    case GET_ACL:
        return get_acl(slot, path);
    case SET_ACL:
        return zoo_set_acl(zh, path, -1, &ZOO_OPEN_ACL_UNSAFE);
    case MULTI:
        choose_ops(slot->soak, dice, paths, ops);
        return zoo_multi(zh, MULTI_OPS, ops, results);
    case REMOVE_WATCHES:
        return dice_below(dice, 2) == 0
                   ? zoo_remove_watches(zh, path, ZWATCHTYPE_ANY, on_watch, slot, (int)dice_below(dice, 2))
                   : zoo_remove_all_watches(zh, path, ZWATCHTYPE_ANY, (int)dice_below(dice, 2));
    default:
        return zoo_getconfig(zh, 0, text, &length, &stat);
    }
}

void request_synchronously(struct slot *slot, struct dice *dice)
{
    enum kind kind = (enum kind)dice_below(dice, KINDS);
    if (kind == SYNC || kind == ADD_AUTH) {
        kind = GET; /* there is no such synchronous call */
    }
    call_returned(slot, kind, call(slot, kind, dice));
}
