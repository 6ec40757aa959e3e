/* Creates and removes the nodes under which one run of the application lives. */
#define _POSIX_C_SOURCE 200809L

#include "app.h"

#include <stdio.h>
#include <string.h>

static const char *const FOLDERS[] = {"", "/workers", "/tasks", "/assign", "/running", "/status"};
enum { FOLDER_COUNT = sizeof FOLDERS / sizeof FOLDERS[0] };

int run_setup(const char *hosts, const char *root)
{
    struct app app;
    char paths[FOLDER_COUNT][APP_TEXT];
    zoo_op_t ops[FOLDER_COUNT];
    zoo_op_result_t results[FOLDER_COUNT];

    app_open(&app, hosts, "setup");
    for (int i = 0; i < FOLDER_COUNT; i++) {
        app_path(paths[i], root, FOLDERS[i], NULL);
        zoo_create_op_init(&ops[i], paths[i], "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL, 0);
    }
    /* All or nothing: nobody ever sees half of the tree. */
    app_require(&app, "creating the tree", zoo_multi(app.zh, FOLDER_COUNT, ops, results));
    app_close(&app);
    return 0;
}

static int delete_tree(zhandle_t *zh, const char *path)
{
    struct String_vector children;
    int rc = zoo_get_children(zh, path, 0, &children);
    if (rc != ZOK) {
        return rc == ZNONODE ? ZOK : rc;
    }
    for (int32_t i = 0; rc == ZOK && i < children.count; i++) {
        char child[APP_TEXT];
        app_path(child, path, "/", children.data[i], NULL);
        rc = delete_tree(zh, child);
    }
    /* The list is ours to free. */
    deallocate_String_vector(&children);
    if (rc == ZOK) {
        rc = zoo_delete(zh, path, -1);
    }
    /* The ephemeral nodes of a killed process may vanish while we look. */
    return rc == ZNONODE ? ZOK : rc;
}

int run_teardown(const char *hosts, const char *root)
{
    struct app app;
    app_open(&app, hosts, "teardown");
    app_require(&app, "deleting the tree", delete_tree(app.zh, root));
    app_close(&app);
    return 0;
}
