/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/etc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "jail/files.h"
#include "jail/path.h"

#define RESOLV_MAX 32768

static const struct {
    const char *path, *text;
} fixed[] = {
    /* as on Lambda, the user's group has no name */
    {"etc/group", "root:x:0:\n"},
    {"etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"},
    {"etc/hosts", "127.0.0.1 localhost localhost.localdomain\n::1 localhost6\n"},
};

/* Name servers are reachable with the host's network only. A host without the file has none. */
static int write_resolv(struct err *err)
{
    char text[RESOLV_MAX];
    struct err ignored;
    ssize_t len = files_read(AT_FDCWD, "/etc/resolv.conf", text, sizeof text, &ignored);
    return len < 0 ? 0 : path_write("etc/resolv.conf", text, (size_t)len, err);
}

/* Programs ask it which system this is; on all systems of today it lies in /usr. */
static int link_release(struct err *err)
{
    struct stat st;
    return stat("usr/lib/os-release", &st) < 0
               ? 0
               : path_link("../usr/lib/os-release", "etc/os-release", err);
}

/* Amazon Linux keeps its certificates elsewhere than Debian: programs may name that file. */
static int link_certificates(struct err *err)
{
    struct stat st;
    if (stat("etc/pki/tls/certs", &st) == 0 || stat("etc/ssl/certs/ca-certificates.crt", &st) < 0)
        return 0;
    return path_link("/etc/ssl/certs/ca-certificates.crt", "etc/pki/tls/certs/ca-bundle.crt", err);
}

int etc_build_child(struct build *b, struct err *err)
{
    const struct jail_spec *spec = &b->jail->spec;
    char passwd[512];
    int len = snprintf(passwd, sizeof passwd,
                       "root:x:0:0:root:/root:/sbin/nologin\n%s:x:%u:%u::/home/%s:/sbin/nologin\n",
                       spec->user_name, spec->uid, spec->gid, spec->user_name);
    if (len >= (int)sizeof passwd || path_write("etc/passwd", passwd, (size_t)len, err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        if (path_write(fixed[i].path, fixed[i].text, strlen(fixed[i].text), err) < 0)
            return -1;
    if (path_link("/usr/share/zoneinfo/UTC", "etc/localtime", err) < 0 ||
        link_certificates(err) < 0 || link_release(err) < 0)
        return -1;
    return spec->network == JAIL_NETWORK_HOST ? write_resolv(err) : 0;
}
