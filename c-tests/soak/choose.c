/* Random arguments. */
#define _POSIX_C_SOURCE 200809L

#include "soak.h"

#include <stdio.h>

unsigned dice_below(struct dice *dice, unsigned limit)
{
    /* splitmix64: any state will do, also those of neighbouring seeds. */
    uint64_t z = dice->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (unsigned)((z ^ (z >> 31)) % limit);
}

void choose_path(struct dice *dice, char path[PATH])
{
    unsigned node = dice_below(dice, NODES);
    if (dice_below(dice, 3) == 0) {
        snprintf(path, PATH, "/soak/n%u/c%u", node, dice_below(dice, SUBNODES));
    } else {
        snprintf(path, PATH, "/soak/n%u", node);
    }
}

int choose_mode(struct dice *dice)
{
    switch (dice_below(dice, 8)) {
    case 0:
        return ZOO_EPHEMERAL;
    case 1:
        return ZOO_CONTAINER;
    default:
        return ZOO_PERSISTENT;
    }
}

int choose_length(struct dice *dice)
{
    return (int)dice_below(dice, dice_below(dice, 50) == 0 ? LONGEST : 100);
}

int choose_version(struct dice *dice)
{
    return dice_below(dice, 4) == 0 ? (int)dice_below(dice, 3) : -1;
}

void choose_ops(struct soak *soak, struct dice *dice, char paths[MULTI_OPS][PATH], zoo_op_t ops[MULTI_OPS])
{
    for (int i = 0; i < MULTI_OPS; i++) {
        choose_path(dice, paths[i]);
        switch (dice_below(dice, 4)) {
        case 0:
            zoo_create_op_init(&ops[i], paths[i], soak->data, choose_length(dice), &ZOO_OPEN_ACL_UNSAFE,
                               dice_below(dice, 4) == 0 ? ZOO_EPHEMERAL : ZOO_PERSISTENT, NULL, 0);
            break;
        case 1:
            zoo_delete_op_init(&ops[i], paths[i], choose_version(dice));
            break;
        case 2:
            zoo_set_op_init(&ops[i], paths[i], soak->data, choose_length(dice), choose_version(dice), NULL);
            break;
        default:
            zoo_check_op_init(&ops[i], paths[i], choose_version(dice));
            break;
        }
    }
}

void check_data(struct slot *slot, const char *value, int length, const struct Stat *stat)
{
    if (length != stat->dataLength) {
        violation(slot, "%d bytes of data instead of %d", length, stat->dataLength);
    }
    for (int i = 0; i < length; i++) {
        if (value[i] != slot->soak->data[0]) {
            violation(slot, "strange data");
            break;
        }
    }
}
