/* Requests whose results come to a completion. */
#define _POSIX_C_SOURCE 200809L

#include "soak.h"

#include <stdio.h>
#include <string.h>

static void on_void(int rc, const void *data)
{
    ticket_completed((struct ticket *)data, rc);
}

static void on_stat(int rc, const struct Stat *stat, const void *data)
{
    struct ticket *ticket = (struct ticket *)data;
    if ((rc == ZOK) != (stat != NULL)) {
        violation(ticket->slot, "a stat for %s", zerror(rc));
    }
    ticket_completed(ticket, rc);
}

static void on_data(int rc, const char *value, int length, const struct Stat *stat, const void *data)
{
    struct ticket *ticket = (struct ticket *)data;
    if (rc == ZOK && ticket->kind == GET) {
        check_data(ticket->slot, value, length, stat);
    }
    ticket_completed(ticket, rc);
}

static void on_strings(int rc, const struct String_vector *strings, const void *data)
{
    struct ticket *ticket = (struct ticket *)data;
    if (rc == ZOK && strings == NULL) {
        violation(ticket->slot, "no children");
    }
    ticket_completed(ticket, rc);
}

static void on_strings_stat(int rc, const struct String_vector *strings, const struct Stat *stat, const void *data)
{
    struct ticket *ticket = (struct ticket *)data;
    if (rc == ZOK && strings->count != stat->numChildren) {
        violation(ticket->slot, "%d children instead of %d", strings->count, stat->numChildren);
    }
    ticket_completed(ticket, rc);
}

static void on_acl(int rc, struct ACL_vector *acl, struct Stat *stat, const void *data)
{
    struct ticket *ticket = (struct ticket *)data;
    (void)stat;
    if (rc == ZOK && acl->count != 1) {
        violation(ticket->slot, "%d ACL entries", acl->count);
    }
    ticket_completed(ticket, rc);
}

static void on_string(int rc, const char *value, const void *data)
{
    struct ticket *ticket = (struct ticket *)data;
    if (rc == ZOK && strncmp(value, "/soak", 5) != 0) {
        violation(ticket->slot, "the path is %s", value);
    }
    ticket_completed(ticket, rc);
}

static void on_string_stat(int rc, const char *value, const struct Stat *stat, const void *data)
{
    if (rc == ZOK && stat->version != 0) {
        violation(((struct ticket *)data)->slot, "a new node has version %d", stat->version);
    }
    on_string(rc, value, data);
}

/* Gives the ticket back if there will be no completion. */
static void submitted(struct ticket *ticket, int rc)
{
    if (rc != ZOK) {
        ticket_refused(ticket, rc);
    }
}

/* Each sequential node is deleted from the completion that tells its name, so that they stay few. */
static void on_sequential(int rc, const char *value, const void *data)
{
    struct slot *slot = ((struct ticket *)data)->slot;
    on_string(rc, value, data);
    if (rc == ZOK) {
        struct ticket *ticket = ticket_take(slot, DELETE);
        if (ticket != NULL) {
            submitted(ticket, zoo_adelete(slot->zh, value, -1, on_void, ticket));
        }
    }
}

static int create(struct slot *slot, struct ticket *ticket, const char *path, struct dice *dice)
{
    const char *data = slot->soak->data;
    int length = choose_length(dice);
    switch (dice_below(dice, 4)) {
    case 0:
        return zoo_acreate(slot->zh, "/soak/q/s-", data, length, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL_SEQUENTIAL,
                           on_sequential, ticket);
    case 1:
        return zoo_acreate2(slot->zh, path, data, length, &ZOO_OPEN_ACL_UNSAFE, choose_mode(dice), on_string_stat,
                            ticket);
    default:
        return zoo_acreate(slot->zh, path, data, length, &ZOO_OPEN_ACL_UNSAFE, choose_mode(dice), on_string, ticket);
    }
}

static int remove_watches(struct slot *slot, struct ticket *ticket, const char *path, struct dice *dice)
{
    /* The functions take the completion itself, cast to a pointer to one. */
    void_completion_t *completion = (void_completion_t *)on_void;
    int local = dice_below(dice, 2) == 0;
    if (dice_below(dice, 2) == 0) {
        return zoo_aremove_watches(slot->zh, path, ZWATCHTYPE_DATA, on_watch, slot, local, completion, ticket);
    }
    return zoo_aremove_all_watches(slot->zh, path, ZWATCHTYPE_ANY, local, completion, ticket);
}

static int submit(struct slot *slot, struct ticket *ticket, struct dice *dice)
{
    zhandle_t *zh = slot->zh;
    watcher_fn watcher = dice_below(dice, 3) == 0 ? on_watch : NULL;
    char path[PATH];
    char paths[MULTI_OPS][PATH];
    zoo_op_t ops[MULTI_OPS];
    choose_path(dice, path);
    switch (ticket->kind) {
    case CREATE:
        return create(slot, ticket, path, dice);
    case DELETE:
        return zoo_adelete(zh, path, choose_version(dice), on_void, ticket);
    case EXISTS:
        return zoo_awexists(zh, path, watcher, slot, on_stat, ticket);
    case GET:
        return zoo_awget(zh, path, watcher, slot, on_data, ticket);
    case SET:
        return zoo_aset(zh, path, slot->soak->data, choose_length(dice), choose_version(dice), on_stat, ticket);
    case CHILDREN:
        return dice_below(dice, 2) == 0 ? zoo_awget_children(zh, path, watcher, slot, on_strings, ticket)
                                        : zoo_awget_children2(zh, path, watcher, slot, on_strings_stat, ticket);
    case GET_ACL:
        return zoo_aget_acl(zh, path, on_acl, ticket);
    case SET_ACL:
        return zoo_aset_acl(zh, path, -1, &ZOO_OPEN_ACL_UNSAFE, on_void, ticket);
    case SYNC:
        return zoo_async(zh, path, on_string, ticket);
    case MULTI:
        choose_ops(slot->soak, dice, paths, ops);
        return zoo_amulti(zh, MULTI_OPS, ops, ticket->results, on_void, ticket);
    case REMOVE_WATCHES:
        return remove_watches(slot, ticket, path, dice);
    case ADD_AUTH:
        return zoo_add_auth(zh, "digest", "soak:soak", 9, on_void, ticket);
    default:
        return zoo_agetconfig(zh, 0, on_data, ticket);
    }
}

void request_asynchronously(struct slot *slot, struct dice *dice)
{
    enum kind kind = (enum kind)dice_below(dice, KINDS);
    struct ticket *ticket;
    if (kind == ADD_AUTH && (slot->credentials == CREDENTIALS || dice_below(dice, 10) != 0)) {
        kind = GET;
    }
    ticket = ticket_take(slot, kind);
    if (ticket != NULL) {
        slot->credentials += kind == ADD_AUTH;
        submitted(ticket, submit(slot, ticket, dice));
    }
}
