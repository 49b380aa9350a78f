/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/oci.h"

#include "base/json.h"
#include "check.h"
#include "deploy/image_tree.h"
#include "deploy/oci_base.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
    const char *text;
    enum err_kind kind; /* ERR_NONE: taken */
} descriptors[] = {
    {"{\"digest\":\"sha256:" HEX "\",\"size\":5}", ERR_NONE},
    {"{\"digest\":\"sha256:" HEX "\",\"size\":100}", ERR_NONE},
    {"{\"digest\":\"sha256:" HEX "\",\"size\":101}", ERR_LIMIT},
    {"{\"digest\":\"sha256:" HEX "\",\"size\":-1}", ERR_INPUT},
    {"{\"digest\":\"sha256:" HEX "\",\"size\":1.5}", ERR_INPUT},
    {"{\"digest\":\"sha256:" HEX "\",\"size\":\"5\"}", ERR_INPUT},
    {"{\"digest\":\"sha256:" HEX "\"}", ERR_INPUT},
    {"{\"digest\":\"sha256:" HEX "0\",\"size\":5}", ERR_INPUT},
    {"{\"digest\":\"sha256:../" HEX "\",\"size\":5}", ERR_INPUT},
    {"{\"digest\":\"sha256:\",\"size\":5}", ERR_INPUT},
    {"{\"digest\":\"" HEX "\",\"size\":5}", ERR_INPUT},
    {"{\"digest\":\"sha1:" HEX "\",\"size\":5}", ERR_INPUT},
    {"{\"digest\":7,\"size\":5}", ERR_INPUT},
    {"{}", ERR_INPUT},
    {"[]", ERR_INPUT},
    {"null", ERR_INPUT},
};

static struct json *parse(const char *text)
{
    struct err err = {0};
    struct json *v = json_parse(text, strlen(text), &err);
    CHECK_STR(err.msg, "");
    return v;
}

static void test_descriptors(void)
{
    for (size_t i = 0; i < ARRAY_LEN(descriptors); i++) {
        struct err err = {0};
        struct oci_blob blob;
        struct json *v = parse(descriptors[i].text);
        CHECK_INT(oci_blob_parse(&blob, v, 100, &err), descriptors[i].kind == ERR_NONE ? 0 : -1);
        CHECK_INT(err.kind, descriptors[i].kind);
        if (err.kind == ERR_NONE)
            CHECK_STR(blob.hex, HEX);
        json_free(v);
    }
}

static const struct {
    const char *tag;
    bool fits;
} tags[] = {
    {"latest", true}, {"v1.2-x_y", true}, {"_", true},         {"0", true},
    {"", false},      {".x", false},      {"-x", false},       {"a/b", false},
    {"a:b", false},   {"a b", false},     {"\xc3\xa4", false},
};

static void test_tags(void)
{
    char longest[OCI_TAG_MAX + 2];
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(tags); i++)
        CHECK_INT(oci_tag_check(tags[i].tag, &err), tags[i].fits ? 0 : -1);
    memset(longest, 'a', sizeof longest);
    longest[OCI_TAG_MAX] = '\0';
    CHECK_INT(oci_tag_check(longest, &err), 0);
    longest[OCI_TAG_MAX] = 'a';
    longest[OCI_TAG_MAX + 1] = '\0';
    CHECK_INT(oci_tag_check(longest, &err), -1);
}

#define ENTRY(number, more) "{\"size\":" #number more "}"
#define TAGGED(tag)         ",\"annotations\":{\"" OCI_TAG_KEY "\":\"" tag "\"}"
#define FOR(os, arch)       ",\"platform\":{\"os\":\"" os "\",\"architecture\":\"" arch "\"}"
#define VARIANT(os, arch, var) \
    ",\"platform\":{\"os\":\"" os "\",\"architecture\":\"" arch "\",\"variant\":\"" var "\"}"

static const struct {
    const char *entries, *tag;
    enum elf_arch arch;
    int size;         /* of the entry that is picked; 0: none */
    const char *says; /* then */
} picks[] = {
    {ENTRY(1, ""), NULL, ELF_ARCH_ARM64, 1, NULL},
    {ENTRY(1, TAGGED("a")) "," ENTRY(2, TAGGED("b")), "b", ELF_ARCH_ARM64, 2, NULL},
    {ENTRY(1, TAGGED("a")) "," ENTRY(2, TAGGED("b")), NULL, ELF_ARCH_ARM64, 0, "tags: a, b"},
    {ENTRY(1, TAGGED("a")) "," ENTRY(2, ""), "c", ELF_ARCH_ARM64, 0, "its tags: a"},
    {ENTRY(1, ""), "c", ELF_ARCH_ARM64, 0, "its tags: none"},
    {"", NULL, ELF_ARCH_ARM64, 0, "has no image"},
    {ENTRY(1, FOR("linux", "amd64")) "," ENTRY(2, FOR("linux", "arm64")), NULL, ELF_ARCH_X86_64, 1,
     NULL},
    {ENTRY(1, FOR("linux", "amd64")) "," ENTRY(2, FOR("linux", "arm64")), NULL, ELF_ARCH_ARM64, 2,
     NULL},
    {ENTRY(1, FOR("windows", "arm64")), NULL, ELF_ARCH_ARM64, 0, "it is for: windows/arm64"},
    {ENTRY(1, FOR("linux", "arm64") TAGGED("t")) "," ENTRY(2, FOR("linux", "amd64") TAGGED("t")),
     "t", ELF_ARCH_X86_64, 2, NULL},
    {ENTRY(1, VARIANT("linux", "arm64", "v9")) "," ENTRY(2, VARIANT("linux", "arm64", "v8")), NULL,
     ELF_ARCH_ARM64, 2, NULL},
    {ENTRY(1, VARIANT("linux", "amd64", "v3")), NULL, ELF_ARCH_X86_64, 1, NULL},
    {ENTRY(1, VARIANT("linux", "amd64", "v3")) "," ENTRY(2, FOR("linux", "amd64")), NULL,
     ELF_ARCH_X86_64, 2, NULL},
    {ENTRY(1, FOR("linux", "amd64")) "," ENTRY(2, FOR("linux", "amd64")), NULL, ELF_ARCH_X86_64, 0,
     "2 images"},
};

static void test_picks(void)
{
    for (size_t i = 0; i < ARRAY_LEN(picks); i++) {
        struct err err = {0};
        char text[2048];
        int64_t size = 0;
        snprintf(text, sizeof text, "{\"manifests\":[%s]}", picks[i].entries);
        struct json *index = parse(text);
        const struct json *entry = oci_base_pick(index, picks[i].tag, picks[i].arch, &err);
        json_i64(json_get(entry, "size"), &size);
        CHECK_INT(size, picks[i].size);
        if (!picks[i].size)
            CHECK_HAS(err.msg, picks[i].says);
        json_free(index);
    }
}

static const struct {
    const char *file, *folder; /* both are added */
    const char *list;          /* names in the end; NULL: refused */
} trees[] = {
    {"a/b/c", "tmp", "a a/b a/b/c tmp "},
    {"a/b", "a", "a a/b "},
    {"a-b", "a/b", "a a-b a/b "},
    {"a/b/c", "a/b", "a a/b a/b/c "},
    {"a", "a", NULL},
    {"a", "a/b", NULL},
    {"/a", "b", NULL},
    {"a/../b", "c", NULL},
    {"a//b", "c", NULL},
    {"a/", "c", NULL},
    {"", "c", NULL},
    {".wh.a", "c", NULL},
    {"a/.wh..wh..opq", "c", NULL},
};

static void test_trees(void)
{
    for (size_t i = 0; i < ARRAY_LEN(trees); i++) {
        struct image_tree tree = {0};
        struct err err = {0};
        char list[256] = "";
        int done = image_tree_text(&tree, trees[i].file, "text", &err) ||
                   image_tree_folder(&tree, trees[i].folder, 01777, &err) ||
                   image_tree_end(&tree, &err);
        CHECK_INT(done != 0, trees[i].list == NULL);
        for (size_t k = 0; !done && k < tree.count; k++) {
            strcat(list, tree.entries[k].name);
            strcat(list, " ");
            if (strcmp(tree.entries[k].name, trees[i].folder) == 0)
                CHECK_INT(tree.entries[k].mode & 07777, 01777);
        }
        if (!done)
            CHECK_STR(list, trees[i].list);
        image_tree_free(&tree);
    }
}

static const struct check_test tests[] = {
    {"descriptors", test_descriptors},
    {"tags", test_tags},
    {"an index's entries", test_picks},
    {"names in a layer", test_trees},
};
CHECK_MAIN(tests)
