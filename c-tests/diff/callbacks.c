/* Callbacks that print what they get. */
#define _GNU_SOURCE
#include "diff.h"

const char *show(const char *bytes, int length)
{
    enum { LONGEST = 1200 };
    char *text, *end;
    if (bytes == NULL)
        return "NULL";
    if (length > LONGEST)
        length = LONGEST;
    text = end = (char *)malloc((size_t)(length > 0 ? length : 0) * 3 + 3);
    *end++ = '"';
    for (int i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c >= ' ' && c < 0x7f && c != '\\')
            *end++ = (char)c;
        else
            end += sprintf(end, "\\%02x", c);
    }
    *end++ = '"';
    *end = 0;
    return text;
}

static const char *show_string(const char *text)
{
    return text == NULL ? "NULL" : show(text, (int)strlen(text));
}

const char *show_stat(const struct Stat *stat)
{
    char text[300];
    if (stat == NULL)
        return "NULL";
    snprintf(text, sizeof text,
             "{v=%d cv=%d av=%d owner=%s length=%d children=%d%s%s%s}", stat->version,
             stat->cversion, stat->aversion, stat->ephemeralOwner ? "some" : "none",
             stat->dataLength, stat->numChildren, stat->czxid == stat->mzxid ? " c=m" : "",
             stat->czxid == stat->pzxid ? " c=p" : "", stat->ctime == stat->mtime ? " t" : "");
    /* Times are equal in a node that nobody changed; otherwise they may be by chance. */
    if (stat->czxid != stat->mzxid && stat->ctime == stat->mtime)
        text[strlen(text) - 3] = '}', text[strlen(text) - 2] = 0;
    return strdup(text);
}

static const char *show_strings(const struct String_vector *strings)
{
    char text[4000] = "[";
    if (strings == NULL)
        return "NULL";
    for (int i = 0; i < strings->count && strlen(text) < 3500; i++) {
        strcat(text, i > 0 ? " " : "");
        strncat(text, show_string(strings->data[i]), 400);
    }
    strcat(text, "]");
    return strdup(text);
}

/* Watchers of one table hear of the session in any order: a name with '~' is a lane of its own. */
static void event(const char *name, int type, int state, const char *path)
{
    note(name[0] == '~' ? name : "cb", "%s: event type=%d state=%d path=%s", name, type, state,
         show_string(path));
}

void on_event(zhandle_t *zh, int type, int state, const char *path, void *name)
{
    (void)zh;
    event((const char *)name, type, state, path);
}

void on_event_too(zhandle_t *zh, int type, int state, const char *path, void *name)
{
    (void)zh;
    event((const char *)name, type, state, path);
}

void on_void(int rc, const void *name)
{
    note("cb", "%s: rc=%d", (const char *)name, rc);
}

void on_auth(int rc, const void *name)
{
    note("auth", "%s: rc=%d", (const char *)name, rc);
}

void on_stat(int rc, const struct Stat *stat, const void *name)
{
    note("cb", "%s: rc=%d stat=%s", (const char *)name, rc, show_stat(stat));
}

void on_data(int rc, const char *value, int length, const struct Stat *stat, const void *name)
{
    /* The pointer to an empty value may be anything. */
    const char *shown = length == 0 && rc == ZOK ? "empty" : show(value, length);
    note("cb", "%s: rc=%d value=%s length=%d stat=%s", (const char *)name, rc, shown, length,
         show_stat(stat));
}

void on_strings(int rc, const struct String_vector *strings, const void *name)
{
    note("cb", "%s: rc=%d strings=%s", (const char *)name, rc, show_strings(strings));
}

void on_strings_stat(int rc, const struct String_vector *strings, const struct Stat *stat,
                     const void *name)
{
    note("cb", "%s: rc=%d strings=%s stat=%s", (const char *)name, rc, show_strings(strings),
         show_stat(stat));
}

void on_string(int rc, const char *value, const void *name)
{
    note("cb", "%s: rc=%d value=%s", (const char *)name, rc, show_string(value));
}

void on_string_stat(int rc, const char *value, const struct Stat *stat, const void *name)
{
    note("cb", "%s: rc=%d value=%s stat=%s", (const char *)name, rc, show_string(value),
         show_stat(stat));
}

void on_acl(int rc, struct ACL_vector *acl, struct Stat *stat, const void *name)
{
    char text[2000] = "";
    for (int i = 0; acl != NULL && i < acl->count && strlen(text) < 1500; i++)
        snprintf(text + strlen(text), 300, " %d:%s:%s", acl->data[i].perms,
                 acl->data[i].id.scheme, acl->data[i].id.id);
    note("cb", "%s: rc=%d acl=%s%s stat=%s", (const char *)name, rc, acl == NULL ? "NULL" : "",
         text, show_stat(stat));
}
