/* The allocate_ and deallocate_ families and the multi op initialisers. */
#define _GNU_SOURCE
#include "../harness/harness.h"

#include <zookeeper/zookeeper.h>

/* Exported, but no installed header declares it. */
void zoo_create2_op_init(zoo_op_t *op, const char *path, const char *value, int valuelen,
                         const struct ACL_vector *acl, int mode, char *path_buffer,
                         int path_buffer_len);

TEST(a_string_vector_is_allocated_zeroed, "C-059 C-011")
{
    struct String_vector v = {9, NULL};
    CHECK_INT(allocate_String_vector(&v, 3), 0);
    CHECK_INT(v.count, 3);
    for (int i = 0; i < 3; i++)
        CHECK(v.data[i] == NULL);
    v.data[1] = strdup("x");
    CHECK_INT(deallocate_String_vector(&v), 0);
    CHECK(v.data == NULL);
    CHECK_INT(v.count, 3);
    CHECK_INT(deallocate_String_vector(&v), 0);
}

TEST(an_empty_vector_has_no_data, "C-059")
{
    struct String_vector strings = {5, (char **)&strings};
    struct ACL_vector acl = {5, (struct ACL *)&acl};
    struct Id_vector ids = {5, (struct Id *)&ids};
    CHECK_INT(allocate_String_vector(&strings, 0), 0);
    CHECK_INT(allocate_ACL_vector(&acl, 0), 0);
    CHECK_INT(allocate_Id_vector(&ids, 0), 0);
    CHECK(strings.data == NULL && acl.data == NULL && ids.data == NULL);
    CHECK_INT(strings.count + acl.count + ids.count, 0);
}

TEST(vectors_of_records_free_their_strings, "C-058 C-059 C-056")
{
    struct ACL_vector acl;
    struct Id_vector ids;
    struct ClientInfo_vector infos;
    struct Txn_vector txns;
    CHECK_INT(allocate_ACL_vector(&acl, 2), 0);
    acl.data[0].id.scheme = strdup("digest");
    acl.data[0].id.id = strdup("me");
    CHECK_INT(deallocate_ACL_vector(&acl), 0);
    CHECK(acl.data == NULL);
    CHECK_INT(acl.count, 2);
    CHECK_INT(allocate_Id_vector(&ids, 1), 0);
    ids.data[0].scheme = strdup("ip");
    CHECK_INT(deallocate_Id_vector(&ids), 0);
    CHECK(ids.data == NULL);
    CHECK_INT(allocate_ClientInfo_vector(&infos, 1), 0);
    infos.data[0].user = strdup("me");
    CHECK_INT(deallocate_ClientInfo_vector(&infos), 0);
    CHECK(infos.data == NULL);
    CHECK_INT(allocate_Txn_vector(&txns, 1), 0);
    txns.data[0].data.buff = strdup("bytes");
    CHECK_INT(deallocate_Txn_vector(&txns), 0);
    CHECK(txns.data == NULL);
}

TEST(a_string_is_freed_and_forgotten, "C-058 C-057")
{
    char *text = strdup("x");
    deallocate_String(&text);
    CHECK(text == NULL);
    deallocate_String(&text);
    CHECK(text == NULL);
}

TEST(a_buffer_keeps_its_length, "C-058 C-046")
{
    struct buffer buffer = {5, strdup("12345")};
    deallocate_Buffer(&buffer);
    CHECK(buffer.buff == NULL);
    CHECK_INT(buffer.len, 5);
}

TEST(records_free_each_field_but_not_themselves, "C-058 C-057 C-054")
{
    struct CreateRequest create;
    struct SetWatches watches;
    struct GetChildren2Response children;
    struct MultiTxn multi;
    memset(&create, 0, sizeof create);
    create.path = strdup("/a");
    create.data.buff = strdup("data");
    create.data.len = 4;
    allocate_ACL_vector(&create.acl, 1);
    create.acl.data[0].id.scheme = strdup("world");
    deallocate_CreateRequest(&create);
    CHECK(create.path == NULL && create.data.buff == NULL && create.acl.data == NULL);
    CHECK_INT(create.acl.count, 1);
    memset(&watches, 0, sizeof watches);
    allocate_String_vector(&watches.existWatches, 1);
    watches.existWatches.data[0] = strdup("/b");
    deallocate_SetWatches(&watches);
    CHECK(watches.existWatches.data == NULL);
    memset(&children, 0, sizeof children);
    allocate_String_vector(&children.children, 1);
    children.stat.version = 7;
    deallocate_GetChildren2Response(&children);
    CHECK(children.children.data == NULL);
    CHECK_INT(children.stat.version, 7);
    allocate_Txn_vector(&multi.txns, 2);
    multi.txns.data[1].data.buff = strdup("x");
    deallocate_MultiTxn(&multi);
    CHECK(multi.txns.data == NULL);
}

TEST(records_of_numbers_are_left_alone, "C-058")
{
    struct Stat stat;
    struct ReplyHeader header = {1, 2, 3};
    memset(&stat, 0x11, sizeof stat);
    deallocate_Stat(&stat);
    deallocate_ReplyHeader(&header);
    CHECK_INT(stat.version, 0x11111111);
    CHECK_INT(header.zxid, 2);
}

TEST(the_create_initialiser_fills_every_field, "C-620 C-167 C-047 T-19")
{
    zoo_op_t op;
    char path[8];
    memset(&op, 0x55, sizeof op);
    zoo_create_op_init(&op, "/a", "v", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, path, 8);
    CHECK_INT(op.type, ZOO_CREATE_OP);
    CHECK_STR(op.create_op.path, "/a");
    CHECK_STR(op.create_op.data, "v");
    CHECK_INT(op.create_op.datalen, 1);
    CHECK(op.create_op.buf == path);
    CHECK_INT(op.create_op.buflen, 8);
    CHECK(op.create_op.acl == &ZOO_OPEN_ACL_UNSAFE);
    CHECK_INT(op.create_op.flags, ZOO_EPHEMERAL);
    CHECK_INT(op.create_op.ttl, 0);
}

TEST(create_initialisers_choose_the_type_by_mode, "C-620 C-167 C-168")
{
    zoo_op_t op;
    const struct ACL_vector *acl = &ZOO_OPEN_ACL_UNSAFE;
    zoo_create_op_init(&op, "/a", "", 0, acl, ZOO_CONTAINER, NULL, 0);
    CHECK_INT(op.type, ZOO_CREATE_CONTAINER_OP);
    zoo_create_op_init(&op, "/a", "", 0, acl, ZOO_PERSISTENT_WITH_TTL, NULL, 0);
    CHECK_INT(op.type, ZOO_CREATE_TTL_OP);
    zoo_create_op_init(&op, "/a", "", 0, acl, ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL, NULL, 0);
    CHECK_INT(op.type, ZOO_CREATE_TTL_OP);
    memset(&op, 0x55, sizeof op);
    zoo_create2_op_init(&op, "/a", "", 0, acl, 0, NULL, 0);
    CHECK_INT(op.type, ZOO_CREATE2_OP);
    CHECK_INT(op.create_op.ttl, 0x5555555555555555);
    zoo_create2_op_init(&op, "/a", "", 0, acl, ZOO_CONTAINER, NULL, 0);
    CHECK_INT(op.type, ZOO_CREATE_CONTAINER_OP);
    zoo_create2_op_init(&op, "/a", "", 0, acl, ZOO_PERSISTENT_WITH_TTL, NULL, 0);
    CHECK_INT(op.type, ZOO_CREATE_TTL_OP);
}

TEST(the_other_initialisers_fill_their_fields, "C-620 C-169 C-170 C-171")
{
    zoo_op_t op;
    struct Stat stat;
    zoo_delete_op_init(&op, "/d", 3);
    CHECK_INT(op.type, ZOO_DELETE_OP);
    CHECK_STR(op.delete_op.path, "/d");
    CHECK_INT(op.delete_op.version, 3);
    zoo_set_op_init(&op, "/s", "data", 4, 5, &stat);
    CHECK_INT(op.type, ZOO_SETDATA_OP);
    CHECK_STR(op.set_op.path, "/s");
    CHECK_STR(op.set_op.data, "data");
    CHECK_INT(op.set_op.datalen, 4);
    CHECK_INT(op.set_op.version, 5);
    CHECK(op.set_op.stat == &stat);
    zoo_check_op_init(&op, "/c", 6);
    CHECK_INT(op.type, ZOO_CHECK_OP);
    CHECK_STR(op.check_op.path, "/c");
    CHECK_INT(op.check_op.version, 6);
}
