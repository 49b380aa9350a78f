/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/mountinfo.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/*  36 35 98:0 /root /mount/point rw,noatime master:1 - cgroup cgroup rw,memory
 *  id parent dev root point      options   optional*   - type  source options  */
struct mount_line {
    char root[PATH_MAX];
    char point[PATH_MAX];
    char type[64];
    char options[512];
};

/* Copies a field and undoes the kernel's octal escapes (space is \040). */
static bool field_copy(const char *text, size_t len, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        unsigned octal;
        if (c == '\\' && len - i >= 4 && sscanf(text + i + 1, "%3o", &octal) == 1) {
            c = (unsigned char)octal;
            i += 3;
        }
        if (used + 1 >= size)
            return false;
        out[used++] = (char)c;
    }
    out[used] = 0;
    return true;
}

/* The next field of a line that ends at end. */
static const char *field_next(const char **cursor, const char *end, size_t *len)
{
    const char *start = *cursor;
    while (start < end && *start == ' ')
        start++;
    const char *stop = start;
    while (stop < end && *stop != ' ')
        stop++;
    *cursor = stop;
    *len = (size_t)(stop - start);
    return *len ? start : NULL;
}

static bool line_parse(const char *line, const char *end, struct mount_line *out)
{
    const char *cursor = line, *field = NULL;
    size_t len = 0;
    for (int i = 0; i < 6; i++) {
        field = field_next(&cursor, end, &len);
        if (!field || (i == 3 && !field_copy(field, len, out->root, sizeof out->root)) ||
            (i == 4 && !field_copy(field, len, out->point, sizeof out->point)))
            return false;
    }
    do {
        field = field_next(&cursor, end, &len);
    } while (field && !(len == 1 && *field == '-'));
    if (!field || !(field = field_next(&cursor, end, &len)) ||
        !field_copy(field, len, out->type, sizeof out->type))
        return false;
    field_next(&cursor, end, &len);
    field = field_next(&cursor, end, &len);
    return field && field_copy(field, len, out->options, sizeof out->options);
}

/* Whether list ("rw,cpu,cpuacct") has name. */
static bool list_has(const char *list, size_t len, const char *name)
{
    size_t want = strlen(name);
    const char *end = list + len;
    while (list < end) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        size_t part = (size_t)((comma ? comma : end) - list);
        if (part == want && memcmp(list, name, want) == 0)
            return true;
        list += part + 1;
    }
    return false;
}

/* The caller's group: "4:memory:/path", and "0::/path" for v2. */
static bool group_find(const char *cgroups, const char *controller, char *out, size_t size)
{
    for (const char *line = cgroups; *line;) {
        const char *end = strchrnul(line, '\n');
        const char *names = memchr(line, ':', (size_t)(end - line));
        const char *path = names ? memchr(names + 1, ':', (size_t)(end - names - 1)) : NULL;
        if (path) {
            size_t len = (size_t)(path - names - 1);
            bool match = *controller ? list_has(names + 1, len, controller) : len == 0;
            if (match)
                return snprintf(out, size, "%.*s", (int)(end - path - 1), path + 1) < (int)size;
        }
        line = *end ? end + 1 : end;
    }
    return false;
}

/* The mount shows the hierarchy from root on: "/docker/x" when the namespace hides the rest. A
 * group that is not below it cannot be named here: then the mount point itself is the nearest. */
static int group_path(const struct mount_line *mount, const char *group, char *out, size_t size,
                      struct err *err)
{
    size_t len = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
    bool below = strncmp(group, mount->root, len) == 0 && (group[len] == '/' || !group[len]);
    const char *rest = below ? group + len : "";
    if (strcmp(rest, "/") == 0 || strstr(rest, "/.."))
        rest = "";
    if (snprintf(out, size, "%s%s", mount->point, rest) >= (int)size)
        return err_set(err, ERR_HOST, "the path of cgroup '%s' is too long", group);
    return 1;
}

int mountinfo_own_group(const char *mountinfo, const char *cgroups, const char *controller,
                        char *out_path, size_t size, struct err *err)
{
    static const char *const types[] = {"cgroup2", "cgroup"};
    char group[PATH_MAX];
    if (!group_find(cgroups, controller, group, sizeof group))
        return 0;
    for (const char *line = mountinfo; *line;) {
        const char *end = strchrnul(line, '\n');
        struct mount_line mount;
        if (!line_parse(line, end, &mount))
            return err_set(err, ERR_HOST, "mountinfo has the line '%.*s'",
                           (int)(end - line > 100 ? 100 : end - line), line);
        if (strcmp(mount.type, types[*controller != 0]) == 0 &&
            (!*controller || list_has(mount.options, strlen(mount.options), controller)))
            return group_path(&mount, group, out_path, size, err);
        line = *end ? end + 1 : end;
    }
    return 0;
}
