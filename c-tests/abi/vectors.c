/* Allocating and freeing vectors, strings and buffers; build with -fsanitize=address. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <recordio.h>
#include <zookeeper.jute.h>

static int failures;

static void expect(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        failures++;
    }
}

#define EXPECT(condition) expect(condition, #condition)

static void vectors_hold_zeroed_elements(void)
{
    struct ACL_vector acl;
    memset(&acl, 0xa5, sizeof acl);
    EXPECT(allocate_ACL_vector(&acl, 3) == 0);
    EXPECT(acl.count == 3);
    for (int i = 0; i < acl.count; i++) {
        EXPECT(acl.data[i].perms == 0);
        EXPECT(acl.data[i].id.scheme == NULL && acl.data[i].id.id == NULL);
    }
    acl.data[1].id.scheme = strdup("digest");
    acl.data[1].id.id = strdup("user:hash");
    acl.data[2].id.scheme = strdup("world");
    EXPECT(deallocate_ACL_vector(&acl) == 0);
    EXPECT(acl.data == NULL);
    EXPECT(acl.count == 3);
    EXPECT(deallocate_ACL_vector(&acl) == 0);
}

static void empty_vectors_have_no_array(void)
{
    struct String_vector strings;
    memset(&strings, 0xa5, sizeof strings);
    EXPECT(allocate_String_vector(&strings, 0) == 0);
    EXPECT(strings.count == 0 && strings.data == NULL);
    EXPECT(deallocate_String_vector(&strings) == 0);
    EXPECT(strings.count == 0 && strings.data == NULL);
}

static void strings_and_buffers_are_freed_once(void)
{
    char *text = strdup("text");
    deallocate_String(&text);
    EXPECT(text == NULL);
    deallocate_String(&text);

    struct buffer bytes = {4, malloc(4)};
    deallocate_Buffer(&bytes);
    EXPECT(bytes.buff == NULL && bytes.len == 4);
    deallocate_Buffer(&bytes);
}

static void numbers_are_turned_into_network_order(void)
{
    const unsigned char bytes[8] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88};
    int64_t number;
    memcpy(&number, bytes, sizeof number);
    EXPECT(zoo_htonll(0x0102030405060788) == number);
    EXPECT(zoo_htonll(number) == 0x0102030405060788);
}

int main(void)
{
    vectors_hold_zeroed_elements();
    empty_vectors_have_no_array();
    strings_and_buffers_are_freed_once();
    numbers_are_turned_into_network_order();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
