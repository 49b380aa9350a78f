/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/container.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "env/profile.h"
#include "env/settings.h"
#include "launch/output.h"
#include "launch/paths.h"

#define TASK_ROOT   "/var/task"
#define RUNTIME_DIR "/var/runtime"
#define BOOTSTRAP   RUNTIME_DIR "/bootstrap"
#define GATEWAY     RUNTIME_DIR "/gateway"
#define USER        "993:990" /* Lambda's own, which other platforms then have as well */
#define TAG         "latest"
#define RESULT_MAX  (16u << 10)

/* The files of an image, and the texts that are made for it. */
struct contents {
    struct gather files;
    char gateway[PATH_MAX]; /* "": there is none */
    char path[256], library_path[512];
};

static int check_handler(const char *name, struct err *err)
{
    struct settings s = {0};
    return settings_set_handler(&s, name, err) ? err_wrap(err, "--handler") : 0;
}

int container_check(const struct container *c, const struct package_parts *parts, struct err *err)
{
    const struct {
        const char *value, *name;
    } only[] = {{c->base, "base"}, {c->tag, "tag"}, {c->handler, "handler"}};
    for (size_t i = 0; !c->dir && i < ARRAY_LEN(only); i++)
        if (only[i].value)
            return err_set(err, ERR_USAGE, "--%s is for an image: --image-dir DIR is missing",
                           only[i].name);
    if (c->dir && !*c->dir)
        return err_set(err, ERR_USAGE, "--image-dir: a folder without a name");
    if (c->dir && parts->layer)
        return err_set(err, ERR_USAGE,
                       "--layer is for zips: an image has no layers of Lambda, the runtime is in "
                       "it; leave out --layer or --image-dir");
    return c->handler ? check_handler(c->handler, err) : 0;
}

int container_check_handler(const struct container *c, const struct package_parts *parts,
                            struct err *err)
{
    if (!c->handler || parts->bootstrap) /* another runtime has its own idea of a handler */
        return 0;
    return package_parts_check_handler(parts, c->handler, err) ? err_wrap(err, "--handler") : 0;
}

/* It lies beside the runtime that starts it, but for a build tree's, which is in bin. */
static void find_gateway(const struct package_parts *parts, char out[static PATH_MAX])
{
    static const char *const places[] = {"", "../lib/clambda/"};
    const char *slash = strrchr(parts->runtime, '/');
    int dir = slash ? (int)(slash + 1 - parts->runtime) : 0;
    for (size_t i = 0; !parts->bootstrap && i < ARRAY_LEN(places); i++) {
        int len = snprintf(out, PATH_MAX, "%.*s%sgateway", dir, parts->runtime, places[i]);
        if (len < PATH_MAX && access(out, X_OK) == 0)
            return;
    }
    out[0] = '\0';
}

static int gather(struct contents *c, const struct package_parts *parts, struct err *err)
{
    char name[PATH_MAX];
    if (gather_file(&c->files, parts->runtime, &BOOTSTRAP[1], true, err) < 0)
        return -1;
    if (c->gateway[0] && gather_file(&c->files, c->gateway, &GATEWAY[1], true, err) < 0)
        return -1;
    for (size_t i = 0; i < parts->files.count; i++) {
        const struct package_file *f = &parts->files.files[i];
        if (snprintf(name, sizeof name, TASK_ROOT "/%s", f->name) >= PATH_MAX)
            return err_set(err, ERR_INPUT, "'%.200s' is too long a path", f->name);
        if (gather_file(&c->files, f->source, name + 1, f->executable, err) < 0)
            return -1;
    }
    return 0;
}

static const char *tag_of(const struct container *c)
{
    return c->tag ? c->tag : TAG;
}

/* A runtime of another project may do without a name. */
static const char *handler_of(const struct container *c, const struct package_parts *parts)
{
    if (c->handler)
        return c->handler;
    return parts->nhandlers ? parts->names[0] : NULL;
}

static enum elf_arch arch_of(const struct package_parts *parts)
{
    return parts->arch == ELF_ARCH_OTHER ? elf_arch_host() : parts->arch;
}

static int write_image(const struct container *c, const struct package_parts *parts,
                       struct contents *contents, struct package_size *out, struct err *err)
{
    const char *const entry[] = {BOOTSTRAP, NULL};
    const char *const command[] = {handler_of(c, parts), NULL};
    const char *const env[] = {"LAMBDA_TASK_ROOT=" TASK_ROOT, "LAMBDA_RUNTIME_DIR=" RUNTIME_DIR,
                               NULL};
    const char *const env_default[] = {contents->path, contents->library_path, "LANG=en_US.UTF-8",
                                       "TZ=:UTC", NULL};
    const struct profile *profile = profile_default();
    snprintf(contents->path, sizeof contents->path, "PATH=%s", profile->path);
    snprintf(contents->library_path, sizeof contents->library_path, "LD_LIBRARY_PATH=%s",
             profile->library_path);
    const struct package_image image = {
        .dir = c->dir,
        .tag = tag_of(c),
        .base = c->base,
        .arch = arch_of(parts),
        .files = contents->files.files,
        .nfiles = contents->files.count,
        .entry = entry,
        .command = command[0] ? command : NULL,
        .env = env,
        .env_default = env_default,
        .working_dir = TASK_ROOT,
        .user = c->base ? NULL : USER,
    };
    return parts->deploy->write_image(&image, out, err);
}

static void tell_warnings(const struct container *c, const struct package_parts *parts,
                          const struct contents *contents)
{
    if (c->base && parts->made_here)
        output_note("warning: the runtime of this host is in the image, '%.200s': it wants a C "
                    "library like this host's, and that of '%.100s' may be older; layers/release "
                    "makes one that runs with glibc 2.26 and newer",
                    parts->runtime, c->base);
    if (!contents->gateway[0] && !parts->bootstrap)
        output_note("warning: the image answers on Lambda alone: beside '%.200s' there is no "
                    "gateway, which answers HTTP on other platforms",
                    parts->runtime);
}

static int tell(const struct container *c, const struct package_parts *parts,
                const struct package_size *size, char **out_line, struct err *err)
{
    const char *handler = handler_of(c, parts);
    AUTO_BUF struct buf line;
    buf_init(&line, RESULT_MAX);
    buf_addf(&line, "%s:%s: %" PRIu64 " bytes, image%s%s", c->dir, tag_of(c), size->zip_bytes,
             c->base ? " on " : "", c->base ? c->base : "");
    if (handler)
        buf_addf(&line, ", handler %s", handler);
    buf_addf(&line, ", architecture %s\n", elf_arch_name(arch_of(parts)));
    if (buf_check(&line, "the result", err) < 0)
        return -1;
    *out_line = buf_take(&line);
    return 0;
}

int container_write(const struct container *c, const struct package_parts *parts, char **out_line,
                    struct err *err)
{
    struct contents contents = {0};
    struct package_size size;
    find_gateway(parts, contents.gateway);
    int rc = gather(&contents, parts, err);
    if (rc == 0)
        rc = write_image(c, parts, &contents, &size, err);
    if (rc == 0) {
        tell_warnings(c, parts, &contents);
        rc = tell(c, parts, &size, out_line, err);
    }
    gather_fini(&contents.files);
    return rc;
}
