/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/host.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "deploy/libs.h"

#define FILE_MAX ((size_t)256 << 20)

static const struct {
    const char *soname, *flag;
} often_forgotten[] = {
    {"libm.so.6", "-lm"},           {"libstdc++.so.6", "-lstdc++"},   {"libcurl.so.4", "-lcurl"},
    {"libz.so.1", "-lz"},           {"libcrypto.so.3", "-lcrypto"},   {"libssl.so.3", "-lssl"},
    {"libcjson.so.1", "-lcjson"},   {"libsqlite3.so.0", "-lsqlite3"}, {"libpq.so.5", "-lpq"},
    {"libxml2.so.2", "-lxml2"},     {"libuuid.so.1", "-luuid"},       {"libzstd.so.1", "-lzstd"},
    {"libresolv.so.2", "-lresolv"},
};

void host_add(struct host *h, const char *soname)
{
    for (size_t i = 0; i < h->count; i++)
        if (strcmp(h->list[i].soname, soname) == 0)
            return;
    if (!h->list)
        h->list = calloc(HOST_LIBRARIES_MAX, sizeof *h->list);
    if (!h->list || h->count == HOST_LIBRARIES_MAX || strlen(soname) >= HOST_SONAME_MAX) {
        h->full = true;
        return;
    }
    snprintf(h->list[h->count++].soname, HOST_SONAME_MAX, "%s", soname);
}

/* Of the folders of ld.so, the first that has it. */
static bool find(const char *soname, char out[static PATH_MAX])
{
    struct err ignored;
    struct closure_folders folders;
    bool found = false;
    if (strchr(soname, '/') || closure_folders_read(&folders, "", elf_arch_host(), &ignored))
        return false;
    for (size_t i = 0; !found && i < folders.count; i++)
        found = snprintf(out, PATH_MAX, "%s/%s", folders.list[i], soname) < PATH_MAX &&
                closure_folders_has("", out, elf_arch_host());
    closure_folders_free(&folders);
    return found;
}

/* What glibc keeps for itself, or a newer one has, is nobody's to find. */
static bool is_for(const struct elf_symbol *s, const char *glibc)
{
    static const char family[] = "GLIBC_";
    if (strncmp(s->version, family, sizeof family - 1) != 0)
        return true;
    const char *number = s->version + sizeof family - 1;
    return *number == '2' && libs_compare(number, glibc) <= 0;
}

static int keep(struct host *h, size_t at, const struct elf_file *elf, const char *glibc,
                struct err *err)
{
    for (size_t i = 0; i < elf->ndefined; i++)
        if (is_for(&elf->defined[i], glibc) &&
            facts_add_name(&h->list[at].names, elf->defined[i].name, err))
            return -1;
    for (size_t i = 0; i < elf->nneeded; i++)
        host_add(h, elf->needed[i]);
    return 0;
}

static int read_library(struct host *h, size_t at, const char *glibc, struct err *err)
{
    char path[PATH_MAX];
    struct arena arena;
    struct elf_file elf;
    size_t len;
    if (!find(h->list[at].soname, path))
        return err_set(err, ERR_INPUT, "'%.100s' is not on this host", h->list[at].soname);
    AUTO_FREE char *bytes = file_read(path, FILE_MAX, &len, err);
    if (!bytes || arena_init(&arena, ELF_ARENA_BYTES, err))
        return -1;
    int rc = elf_read(&elf, bytes, len, &arena, err);
    if (rc == 0)
        rc = keep(h, at, &elf, glibc, err);
    arena_fini(&arena);
    return rc;
}

static enum host_answer ask(struct host *h, size_t at, const char *symbol, const char *glibc)
{
    struct err ignored;
    struct host_library *l = &h->list[at];
    if (!l->tried)
        l->known = read_library(h, at, glibc, &ignored) == 0;
    l->tried = true;
    if (facts_has_name(&l->names, symbol))
        return HOST_HAS;
    return l->known ? HOST_LACKS : HOST_UNKNOWN;
}

enum host_answer host_exports(struct host *h, const char *symbol, const char *glibc)
{
    bool unknown = false;
    for (size_t i = 0; i < h->count; i++) { /* reading makes the list longer */
        enum host_answer answer = ask(h, i, symbol, glibc);
        if (answer == HOST_HAS)
            return HOST_HAS;
        unknown |= answer == HOST_UNKNOWN;
    }
    return unknown || h->full ? HOST_UNKNOWN : HOST_LACKS;
}

const char *host_flag(struct host *h, const char *symbol, const char *glibc,
                      const char **out_soname)
{
    for (size_t i = 0; i < ARRAY_LEN(often_forgotten); i++)
        host_add(h, often_forgotten[i].soname);
    /* they are the first of the list, what they need comes behind them */
    for (size_t i = 0; i < ARRAY_LEN(often_forgotten) && i < h->count; i++)
        if (ask(h, i, symbol, glibc) == HOST_HAS) {
            *out_soname = often_forgotten[i].soname;
            return often_forgotten[i].flag;
        }
    return NULL;
}

void host_fini(struct host *h)
{
    for (size_t i = 0; i < h->count; i++)
        facts_names_fini(&h->list[i].names);
    free(h->list);
    *h = (struct host){0};
}
