/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "deploy/check_state.h"

enum { HOPS_MAX = 40, TRUNCATED = PATH_MAX - 1, LOOK_STEPS = 128 };

/* ---- paths --------------------------------------------------------------------------------- */

static int by_path(const void *a, const void *b)
{
    const struct listing_item *x = *(const struct listing_item *const *)a;
    const struct listing_item *y = *(const struct listing_item *const *)b;
    int order = strcmp(x->path, y->path);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

const struct listing_item *check_tree_exact(const struct check *c, const char *path)
{
    size_t low = 0, high = c->nby_path;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(c->by_path[mid]->path, path);
        if (order == 0)
            return c->by_path[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* Where a walk is, and the way that is left. */
struct walk {
    char done[PATH_MAX], left[2 * PATH_MAX];
    unsigned hops;
};

static void drop_last(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
}

/* The link's target takes the place of its name. False: there is no end to it. */
static bool follow(struct walk *w, const struct listing_item *link)
{
    char left[2 * PATH_MAX];
    int len = snprintf(left, sizeof left, "%s/%s", link->target, w->left);
    if (++w->hops > HOPS_MAX || len < 0 || (size_t)len >= sizeof left)
        return false;
    if (link->target[0] == '/')
        w->done[0] = '\0';
    else
        drop_last(w->done);
    memcpy(w->left, left, (size_t)len + 1);
    return true;
}

/* Takes the next component off; false when there is none. */
static bool take_component(struct walk *w, char out[NAME_MAX + 1])
{
    char *at = w->left + strspn(w->left, "/");
    size_t len = strcspn(at, "/");
    if (!len || len > NAME_MAX)
        return false;
    memcpy(out, at, len);
    out[len] = '\0';
    memmove(w->left, at + len, strlen(at + len) + 1);
    return true;
}

static const struct listing_item *walk_path(const struct check *c, const char *path, bool last,
                                            struct walk *w)
{
    char part[NAME_MAX + 1];
    w->done[0] = '\0'; /* the rest of it is large, and written before it is read */
    w->hops = 0;
    if (snprintf(w->left, sizeof w->left, "%s", path) >= PATH_MAX)
        return NULL;
    while (take_component(w, part)) {
        if (strcmp(part, ".") == 0)
            continue;
        if (strcmp(part, "..") == 0) {
            drop_last(w->done);
            continue;
        }
        size_t len = strlen(w->done);
        if (len + strlen(part) + 2 > sizeof w->done)
            return NULL;
        snprintf(w->done + len, sizeof w->done - len, "/%s", part);
        const struct listing_item *item = check_tree_exact(c, w->done);
        bool at_end = w->left[strspn(w->left, "/")] == '\0';
        if (item && item->type == LISTING_LINK && (last || !at_end) && !follow(w, item))
            return NULL;
    }
    return check_tree_exact(c, w->done);
}

const struct listing_item *check_tree_find(const struct check *c, const char *path)
{
    struct walk w;
    return walk_path(c, path, true, &w);
}

const struct listing_item *check_tree_at(const struct check *c, const char *path, char *out,
                                         size_t out_size)
{
    struct walk w;
    const struct listing_item *item = walk_path(c, path, true, &w);
    snprintf(out, out_size, "%s", *w.done ? w.done : "/");
    return item;
}

/* ---- libraries ----------------------------------------------------------------------------- */

/* A search through lists of folders. */
struct search {
    const struct check *c;
    const struct listing_item *item;
    const char *name;
    struct check_found found;
    bool in_image; /* its folders were reached */
};

static bool is_image_folder(const char *folder)
{
    static const char *const folders[] = {"/lib64", "/usr/lib64", "/lib", "/usr/lib"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        if (strcmp(folders[i], folder) == 0)
            return true;
    return false;
}

/* The folder of a list with $ORIGIN and $LIB replaced. */
static void expand(const struct search *s, const char *entry, size_t len, char out[PATH_MAX])
{
    static const char *const origins[] = {"$ORIGIN", "${ORIGIN}"}, *const libs[] = {"$LIB",
                                                                                    "${LIB}"};
    char origin[PATH_MAX];
    size_t used = 0;
    snprintf(origin, sizeof origin, "%s", s->item->path);
    drop_last(origin);
    for (size_t at = 0; at < len && used < TRUNCATED;) {
        const char *put = NULL;
        size_t skip = 1;
        for (size_t i = 0; i < 2 && !put; i++) {
            size_t n = strlen(origins[i]), m = strlen(libs[i]);
            if (len - at >= n && memcmp(entry + at, origins[i], n) == 0)
                put = origin, skip = n;
            else if (len - at >= m && memcmp(entry + at, libs[i], m) == 0)
                put = "lib64", skip = m;
        }
        const char letter[] = {entry[at], '\0'};
        for (const char *from = put ? put : letter; *from && used < TRUNCATED; from++)
            out[used++] = *from;
        at += skip;
    }
    out[used] = '\0';
    if (!used || out[0] != '/') { /* relative to the working folder */
        char relative[PATH_MAX];
        snprintf(relative, sizeof relative, "%s", out);
        snprintf(out, PATH_MAX, CHECK_TASK "/%.3000s", relative);
    }
}

static const struct listing_item *look(const struct search *s, const char *folder)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, s->name) >= PATH_MAX)
        return NULL;
    const struct listing_item *item = check_tree_find(s->c, path);
    /* ld.so passes by what is for another machine */
    bool fits =
        item && item->type == LISTING_FILE && (!item->elf || item->elf->file.arch == s->c->arch);
    return fits ? item : NULL;
}

/* Looks in the folders of a list; true when the search is over. What comes behind the image's own
 * library is only shadowed. */
static bool search_list(struct search *s, const char *list)
{
    char folder[PATH_MAX];
    for (const char *at = list; (*at || at == list) && check_spend(s->c, LOOK_STEPS);) {
        size_t len = strcspn(at, ":");
        expand(s, at, len, folder);
        if (is_image_folder(folder) && s->found.trust == LIBS_ABSENT)
            s->found.trust = libs_find(s->c->profile, s->c->arch, s->name);
        const struct listing_item *item = look(s, folder);
        if (item && s->found.trust != LIBS_ABSENT)
            s->found.shadowed = item;
        else
            s->found.item = item;
        if (item)
            return true;
        at += len;
        if (!*at)
            break;
        at++;
    }
    return false;
}

/* The program that loads all others, or NULL. */
static const struct listing_item *main_of(const struct check *c)
{
    const struct listing_item *started = c->starter ? c->starter : c->bootstrap;
    return started && started->elf ? started : NULL;
}

/* Which file's search finds the library: what the program itself needs is loaded before what its
 * libraries need, and is not looked for again. */
static const struct listing_item *first_to_need(const struct check *c,
                                                const struct listing_item *item, const char *name)
{
    const struct listing_item *main = main_of(c);
    if (!main || item->elf->file.type != ELF_TYPE_OBJECT ||
        !check_spend(c, main->elf->file.nneeded / 8))
        return item;
    for (size_t i = 0; i < main->elf->file.nneeded; i++)
        if (strcmp(main->elf->file.needed[i], name) == 0)
            return main;
    return item;
}

/* The dynamic linker runs already when somebody needs it. False: no program tells which. */
static bool find_linker(struct search *s)
{
    bool own = s->item->elf->file.type == ELF_TYPE_PROGRAM;
    const struct listing_item *main = own ? s->item : main_of(s->c);
    if (strncmp(s->name, "ld-linux", 8) != 0 || !main || !*main->elf->file.interpreter)
        return false;
    s->found.item = check_tree_find(s->c, main->elf->file.interpreter);
    if (!s->found.item)
        s->found.trust = libs_find(s->c->profile, s->c->arch, s->name);
    return true;
}

struct check_found check_tree_library(const struct check *c, const struct listing_item *item,
                                      const char *name)
{
    item = first_to_need(c, item, name);
    struct search s = {.c = c, .item = item, .name = name};
    const struct elf_file *file = &item->elf->file;
    const struct listing_item *main = main_of(c);
    bool last = *file->run_path && !file->run_path_first; /* which makes ld.so pass by DT_RPATHs */
    if (find_linker(&s))
        return s.found;
    if (strnlen(name, PATH_MAX) == PATH_MAX)
        return s.found;
    if (strchr(name, '/')) {
        char path[PATH_MAX];
        expand(&s, name, strlen(name), path);
        s.found.item = check_tree_find(c, path);
        return s.found;
    }
    if (*file->run_path && file->run_path_first && search_list(&s, file->run_path))
        return s.found;
    if (main && main != item && main->elf->file.run_path_first && !last) {
        s.item = main;
        if (search_list(&s, main->elf->file.run_path))
            return s.found;
        s.item = item;
    }
    if (search_list(&s, c->request->library_path))
        return s.found;
    if (last && search_list(&s, file->run_path))
        return s.found;
    return s.found;
}

/* ---- roles --------------------------------------------------------------------------------- */

enum check_role check_role_of(const struct check *c, const struct listing_item *item)
{
    return (enum check_role)c->roles[item->order];
}

bool check_is_code(const struct check *c, const struct listing_item *item)
{
    return item->elf && !item->hidden && item->elf->file.arch == c->arch &&
           item->elf->file.type != ELF_TYPE_OTHER;
}

/* Gives the item the role, and what it needs, and what that needs. */
static void spread(struct check *c, const struct listing_item **queue, enum check_role role,
                   const struct listing_item *first)
{
    size_t count = 0;
    if (check_role_of(c, first) >= role)
        return;
    c->roles[first->order] = (uint8_t)role;
    queue[count++] = first;
    while (count) {
        const struct listing_item *item = queue[--count];
        for (size_t i = 0; item->elf && i < item->elf->file.nneeded; i++) {
            struct check_found found = check_tree_library(c, item, item->elf->file.needed[i]);
            if (!found.item || check_role_of(c, found.item) >= role)
                continue;
            c->roles[found.item->order] = (uint8_t)role;
            queue[count++] = found.item;
        }
    }
}

static bool is_extension(const struct listing_item *item)
{
    static const char folder[] = CHECK_OPT "/extensions/";
    return item->type == LISTING_FILE && strncmp(item->path, folder, sizeof folder - 1) == 0 &&
           !strchr(item->path + sizeof folder - 1, '/');
}

static enum check_role first_role(const struct check *c, const struct listing_item *item)
{
    bool program = item->elf && item->elf->file.type == ELF_TYPE_PROGRAM;
    if (item == c->bootstrap || item == c->starter)
        return ROLE_BOOTSTRAP;
    if (item->elf && item->elf->file.nhandlers)
        return ROLE_HANDLER;
    if (is_extension(item) || (program && (c->programs || c->lone)))
        return ROLE_EXTENSION;
    return ROLE_NONE;
}

int check_tree_roles(struct check *c, struct err *err)
{
    size_t count = c->listing.nitems;
    c->roles = arena_alloc(&c->arena, count + 1);
    AUTO_FREE const struct listing_item **queue = malloc((count + 1) * sizeof *queue);
    if (!c->roles || !queue)
        return err_set(err, ERR_MEMORY, "no memory for %zu files of a package", count);
    memset(c->roles, ROLE_NONE, count);
    for (size_t i = 0; i < count; i++) {
        const struct listing_item *item = &c->listing.items[i];
        enum check_role role = item->hidden ? ROLE_NONE : first_role(c, item);
        if (role != ROLE_NONE)
            spread(c, queue, role, item);
    }
    return 0;
}

/* ---- all of it ----------------------------------------------------------------------------- */

static int sort_items(struct check *c, struct err *err)
{
    size_t count = c->listing.nitems;
    const struct listing_item **list = arena_alloc(&c->arena, (count + 1) * sizeof *list);
    if (!list)
        return err_set(err, ERR_MEMORY, "no memory for %zu files of a package", count);
    for (size_t i = 0; i < count; i++)
        list[i] = &c->listing.items[i];
    if (count)
        qsort(list, count, sizeof *list, by_path);
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count || strcmp(list[i]->path, list[i + 1]->path) != 0;
        if (last)
            list[c->nby_path++] = list[i];
        else
            c->listing.items[list[i]->order].hidden = true;
    }
    c->by_path = list;
    return 0;
}

static const struct listing_item *find_bootstrap(const struct check *c)
{
    static const char *const places[] = {CHECK_TASK "/" CHECK_BOOTSTRAP,
                                         CHECK_OPT "/" CHECK_BOOTSTRAP};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const struct listing_item *item = check_tree_find(c, places[i]);
        if (item)
            return item;
    }
    return NULL;
}

/* Programs in the root; or anywhere, when none of them looks like a bootstrap in a wrong place. */
static bool has_programs(const struct check *c)
{
    bool any = false, misplaced = false;
    for (size_t i = 0; i < c->listing.nitems; i++) {
        const struct listing_item *item = &c->listing.items[i];
        const char *name = strrchr(item->path, '/') + 1;
        if (item->source != 0 || !item->elf || item->elf->file.type != ELF_TYPE_PROGRAM)
            continue;
        if (name == item->path + sizeof CHECK_TASK)
            return true;
        any = true;
        misplaced |= strcmp(name, CHECK_BOOTSTRAP) == 0;
    }
    return any && !misplaced;
}

int check_tree_build(struct check *c, struct err *err)
{
    if (sort_items(c, err))
        return -1;
    c->bootstrap = find_bootstrap(c);
    if (!c->bootstrap && c->lone && c->listing.items[0].elf &&
        c->listing.items[0].elf->file.type == ELF_TYPE_PROGRAM)
        c->bootstrap = &c->listing.items[0];
    c->programs = !c->bootstrap && !c->lone && !c->zip_bytes && has_programs(c);
    c->starter = check_script_starter(c);
    return 0;
}
