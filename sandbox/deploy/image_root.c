/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/image_root.h"

#include <fcntl.h>
#include <string.h>

#include "deploy/closure.h"

/* As on Lambda, where every function runs as this user. */
#define PASSWD                              \
    "root:x:0:0:root:/root:/sbin/nologin\n" \
    "sbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n"
#define GROUP    "root:x:0:\nsbx_user1051:x:990:\n"
#define NSSWITCH "passwd: files\ngroup: files\nhosts: files dns\n"

static const struct {
    const char *name;
    mode_t mode;
} folders[] = {
    {"dev", 0755},  {"opt", 0755},         {"proc", 0755},     {"sys", 0755},
    {"tmp", 01777}, {"var/runtime", 0755}, {"var/task", 0755},
};

static const struct {
    const char *name, *text;
} texts[] = {{"etc/passwd", PASSWD}, {"etc/group", GROUP}, {"etc/nsswitch.conf", NSSWITCH}};

/* Where distributions keep the bundle: the libraries that come from this host look there. */
static const char *const certificates[] = {"/etc/ssl/certs/ca-certificates.crt",
                                           "/etc/pki/tls/certs/ca-bundle.crt",
                                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

/* Of ports and protocols, which getaddrinfo reads: "https" in place of 443. */
static const char *const names[] = {"/etc/services", "/etc/protocols"};

static int add_names(struct image_tree *tree, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (access(names[i], R_OK) == 0 &&
            image_tree_file(tree, names[i] + 1, names[i], false, err))
            return -1;
    return 0;
}

static int add_certificates(struct image_tree *tree, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(certificates); i++)
        if (access(certificates[i], R_OK) == 0)
            return image_tree_file(tree, certificates[i] + 1, certificates[i], false, err);
    return 0;
}

static int add_libraries(struct image_tree *tree, const struct package_image *image,
                         struct err *err)
{
    struct closure c;
    int done = closure_find(&c, "", image->arch, image->files, image->nfiles, err);
    for (size_t i = 0; !done && i < c.count; i++)
        done = image_tree_file(tree, c.files[i].name, c.files[i].source, true, err);
    closure_free(&c);
    return done;
}

/* Its interpreter is a program that may start any other: what it needs cannot be known. */
static int refuse_script(const struct package_file *file, struct err *err)
{
    char start[2];
    AUTO_FD int fd = open(file->source, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || pread(fd, start, sizeof start, 0) != (ssize_t)sizeof start ||
        memcmp(start, "#!", sizeof start) != 0)
        return 0;
    return err_set(err, ERR_INPUT,
                   "'%.200s' is a script, and an image from nothing has no shell and no "
                   "interpreter: build on one that has it (--base DIR)",
                   file->source);
}

static int check_entry(const struct package_image *image, struct err *err)
{
    const char *entry = image->entry ? image->entry[0] : NULL;
    for (size_t i = 0; entry && i < image->nfiles; i++)
        if (*entry == '/' && strcmp(entry + 1, image->files[i].name) == 0)
            return refuse_script(&image->files[i], err);
    return 0;
}

int image_root_add(struct image_tree *tree, const struct package_image *image, struct err *err)
{
    if (check_entry(image, err))
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        if (image_tree_folder(tree, folders[i].name, folders[i].mode, err))
            return -1;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (image_tree_text(tree, texts[i].name, texts[i].text, err))
            return -1;
    return add_names(tree, err) || add_certificates(tree, err) || add_libraries(tree, image, err)
               ? -1
               : 0;
}
