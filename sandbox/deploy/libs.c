/* SPDX-License-Identifier: Apache-2.0 */
#include "deploy/libs.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

enum {
    AL2023 = 1,
    AL2 = 2,
    BOTH = AL2023 | AL2,
    X86 = 1 << ELF_ARCH_X86_64,
    ARM = 1 << ELF_ARCH_ARM64,
    ANY = X86 | ARM,
};

static const struct libs_profile profiles[] = {
    {"al2023", "2.34", AL2023, true}, /* coreutils 8.32 */
    {"al2", "2.26", AL2, false},      /* coreutils 8.22 */
};

const struct libs_profile *libs_profile_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(profiles); i++)
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    return NULL;
}

const char *libs_profile_names(void)
{
    return "al2023, al2";
}

/* ---- libraries ----------------------------------------------------------------------------- */

enum { UNVERSIONED = 0, VERSIONED = 1, GLIBC = 2 };

static const struct {
    const char *name;
    unsigned profiles, archs;
    enum libs_trust trust;
    int kind; /* GLIBC is versioned too */
} libraries[] = {
    {"ld-linux-x86-64.so.2", BOTH, X86, LIBS_BASE, GLIBC},
    {"ld-linux-aarch64.so.1", BOTH, ARM, LIBS_BASE, GLIBC},
    {"libc.so.6", BOTH, ANY, LIBS_BASE, GLIBC},
    {"libm.so.6", BOTH, ANY, LIBS_BASE, GLIBC},
    {"libpthread.so.0", BOTH, ANY, LIBS_BASE, GLIBC},
    {"libdl.so.2", BOTH, ANY, LIBS_BASE, GLIBC},
    {"librt.so.1", BOTH, ANY, LIBS_BASE, GLIBC},
    {"libutil.so.1", BOTH, ANY, LIBS_BASE, GLIBC},
    {"libresolv.so.2", BOTH, ANY, LIBS_BASE, GLIBC},
    {"libanl.so.1", BOTH, ANY, LIBS_BASE, GLIBC},
    {"libmvec.so.1", BOTH, X86, LIBS_BASE, GLIBC},
    {"libthread_db.so.1", BOTH, ANY, LIBS_BASE, GLIBC},
    {"libBrokenLocale.so.1", BOTH, ANY, LIBS_BASE, GLIBC},
    {"libnss_dns.so.2", BOTH, ANY, LIBS_BASE, GLIBC},
    {"libnss_files.so.2", BOTH, ANY, LIBS_BASE, GLIBC},
    {"libnss_compat.so.2", BOTH, ANY, LIBS_BASE, GLIBC},
    {"libc_malloc_debug.so.0", AL2023, ANY, LIBS_SEEN, GLIBC},
    {"libcrypt.so.1", AL2, ANY, LIBS_BASE, GLIBC},
    {"libnsl.so.1", AL2, ANY, LIBS_BASE, GLIBC},
    {"libcidn.so.1", AL2, ANY, LIBS_SEEN, GLIBC},
    {"libgcc_s.so.1", BOTH, ANY, LIBS_BASE, VERSIONED},
    {"libstdc++.so.6", BOTH, ANY, LIBS_BASE, VERSIONED},
    {"libz.so.1", BOTH, ANY, LIBS_BASE, UNVERSIONED}, /* its oldest symbols have none */
    {"libcurl.so.4", BOTH, ANY, LIBS_BASE, UNVERSIONED},
    {"libssl.so.3", AL2023, ANY, LIBS_BASE, VERSIONED},
    {"libcrypto.so.3", AL2023, ANY, LIBS_BASE, VERSIONED},
    {"libssl.so.10", AL2, ANY, LIBS_BASE, VERSIONED},
    {"libcrypto.so.10", AL2, ANY, LIBS_BASE, VERSIONED},
    {"libacl.so.1", BOTH, ANY, LIBS_SEEN, VERSIONED},
    {"libarchive.so.13", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libassuan.so.0", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libattr.so.1", BOTH, ANY, LIBS_SEEN, VERSIONED},
    {"libaudit.so.1", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libblkid.so.1", AL2023, ANY, LIBS_SEEN, VERSIONED},
    {"libbz2.so.1", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libcap-ng.so.0", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libcap.so.2", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libcom_err.so.2", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libdb-5.3.so", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libdnf.so.2", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libelf.so.1", AL2, ANY, LIBS_SEEN, VERSIONED},
    {"libffi.so.6", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libffi.so.8", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libform.so.6", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libformw.so.6", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libgcrypt.so.20", AL2023, ANY, LIBS_SEEN, VERSIONED},
    {"libgio-2.0.so.0", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libglib-2.0.so.0", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libgmodule-2.0.so.0", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libgmp.so.10", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libgmpxx.so.4", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libgobject-2.0.so.0", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libgpg-error.so.0", AL2023, ANY, LIBS_SEEN, VERSIONED},
    {"libgpgme.so.11", AL2023, ANY, LIBS_SEEN, VERSIONED},
    {"libgssapi_krb5.so.2", BOTH, ANY, LIBS_SEEN, VERSIONED},
    {"libgthread-2.0.so.0", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libhistory.so.6", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libhistory.so.8", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libicudata.so.50", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libicui18n.so.50", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libicuio.so.50", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libicuuc.so.50", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libidn2.so.0", BOTH, ANY, LIBS_SEEN, VERSIONED},
    {"libjson-c.so.5", AL2023, ANY, LIBS_SEEN, VERSIONED},
    {"libk5crypto.so.3", BOTH, ANY, LIBS_SEEN, VERSIONED},
    {"libkeyutils.so.1", BOTH, ANY, LIBS_SEEN, VERSIONED},
    {"libkrb5.so.3", BOTH, ANY, LIBS_SEEN, VERSIONED},
    {"libkrb5support.so.0", BOTH, ANY, LIBS_SEEN, VERSIONED},
    {"liblber-2.4.so.2", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libldap-2.4.so.2", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libldap_r-2.4.so.2", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"liblua-5.1.so", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"liblua-5.4.so", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"liblz4.so.1", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"liblzma.so.5", BOTH, ANY, LIBS_SEEN, VERSIONED},
    {"libmagic.so.1", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libmenu.so.6", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libmenuw.so.6", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libmount.so.1", AL2023, ANY, LIBS_SEEN, VERSIONED},
    {"libmpfr.so.6", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libncurses.so.6", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libncursesw.so.6", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libnghttp2.so.14", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libnspr4.so", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libnss3.so", AL2, ANY, LIBS_SEEN, VERSIONED},
    {"libnssutil3.so", AL2, ANY, LIBS_SEEN, VERSIONED},
    {"libp11-kit.so.0", BOTH, ANY, LIBS_SEEN, VERSIONED},
    {"libpanel.so.6", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libpanelw.so.6", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libpcre.so.1", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libpcre2-8.so.0", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libplc4.so", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libplds4.so", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libpopt.so.0", BOTH, ANY, LIBS_SEEN, VERSIONED},
    {"libpsx.so.2", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libreadline.so.6", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libreadline.so.8", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"librpm.so.3", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"librpm.so.9", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libsasl2.so.3", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libselinux.so.1", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libsepol.so.1", AL2, ANY, LIBS_SEEN, VERSIONED},
    {"libsepol.so.2", AL2023, ANY, LIBS_SEEN, VERSIONED},
    {"libsmartcols.so.1", AL2023, ANY, LIBS_SEEN, VERSIONED},
    {"libsqlite3.so.0", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libssh2.so.1", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libssl3.so", AL2, ANY, LIBS_SEEN, VERSIONED},
    {"libtasn1.so.6", BOTH, ANY, LIBS_SEEN, VERSIONED},
    {"libtinfo.so.6", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libunistring.so.0", AL2, ANY, LIBS_SEEN, UNVERSIONED},
    {"libunistring.so.2", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libuuid.so.1", BOTH, ANY, LIBS_SEEN, VERSIONED},
    {"libverto.so.1", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libxml2.so.2", BOTH, ANY, LIBS_SEEN, UNVERSIONED},
    {"libyaml-0.so.2", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
    {"libzstd.so.1", AL2023, ANY, LIBS_SEEN, UNVERSIONED},
};

enum libs_trust libs_find(const struct libs_profile *p, enum elf_arch arch, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(libraries); i++)
        if (libraries[i].profiles & p->bit && libraries[i].archs >> arch & 1 &&
            strcmp(libraries[i].name, name) == 0)
            return libraries[i].trust;
    return LIBS_ABSENT;
}

static int kind_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(libraries); i++)
        if (strcmp(libraries[i].name, name) == 0)
            return libraries[i].kind;
    return UNVERSIONED;
}

bool libs_is_versioned(const char *name)
{
    return kind_of(name) != UNVERSIONED;
}

bool libs_is_glibc(const char *name)
{
    return kind_of(name) == GLIBC;
}

/* ---- versions ------------------------------------------------------------------------------ */

/* The last row of a family that fits is its highest version. glibc as in the profiles; gcc 7.3 and
 * 11 with libstdc++ 6.0.24 and 6.0.29; zlib 1.2.7 and 1.2.11. */
static const struct {
    const char *family, *highest;
    unsigned profiles, archs;
} versions[] = {
    {"GLIBC_", "GLIBC_2.34", AL2023, ANY},
    {"GLIBC_", "GLIBC_2.26", AL2, ANY},
    {"GLIBCXX_", "GLIBCXX_3.4.29", AL2023, ANY},
    {"GLIBCXX_", "GLIBCXX_3.4.24", AL2, ANY},
    {"CXXABI_", "CXXABI_1.3.13", AL2023, ANY},
    {"CXXABI_", "CXXABI_1.3.11", AL2, ANY},
    {"GCC_", "GCC_7.0.0", BOTH, X86},
    {"GCC_", "GCC_11.0", AL2023, ARM},
    {"GCC_", "GCC_7.0.0", AL2, ARM},
    {"ZLIB_", "ZLIB_1.2.9", AL2023, ANY},
    {"ZLIB_", "ZLIB_1.2.5.2", AL2, ANY},
};

/* Names without a number, and the first glibc or gcc that has them. */
static const struct {
    const char *name;
    unsigned profiles;
} marks[] = {
    {"CXXABI_TM_1", BOTH},     {"CXXABI_FLOAT128", BOTH},
    {"CXXABI_LDBL_1.3", BOTH}, {"GLIBCXX_LDBL_3.4", BOTH},
    {"GLIBC_PRIVATE", BOTH},   {"GLIBC_ABI_DT_RELR", 0}, /* glibc 2.36 */
    {"GLIBC_ABI_GNU2_TLS", 0}, {"GLIBC_ABI_DT_X86_64_PLT", 0},
};

int libs_compare(const char *a, const char *b)
{
    for (;;) {
        char *a_end, *b_end;
        unsigned long x = strtoul(a, &a_end, 10), y = strtoul(b, &b_end, 10);
        if (x != y)
            return x < y ? -1 : 1;
        if (*a_end != '.' || *b_end != '.')
            return (*a_end == '.') - (*b_end == '.');
        a = a_end + 1;
        b = b_end + 1;
    }
}

static bool is_number(const char *text)
{
    return *text >= '0' && *text <= '9' && text[strspn(text, "0123456789.")] == '\0';
}

enum libs_verdict libs_has_version(const struct libs_profile *p, enum elf_arch arch,
                                   const char *version, const char **out_highest)
{
    *out_highest = NULL;
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        size_t len = strlen(versions[i].family);
        if (!(versions[i].profiles & p->bit) || !(versions[i].archs >> arch & 1) ||
            strncmp(versions[i].family, version, len) != 0)
            continue;
        *out_highest = versions[i].highest;
        if (is_number(version + len))
            return libs_compare(version + len, versions[i].highest + len) <= 0 ? LIBS_HAS
                                                                               : LIBS_LACKS;
    }
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (strcmp(marks[i].name, version) == 0)
            return marks[i].profiles & p->bit ? LIBS_HAS : LIBS_LACKS;
    return LIBS_UNKNOWN;
}

/* ---- programs ------------------------------------------------------------------------------ */

static const struct {
    const char *path;
    enum elf_arch arch;
} interpreters[] = {
    {"/lib64/ld-linux-x86-64.so.2", ELF_ARCH_X86_64},
    {"/usr/lib64/ld-linux-x86-64.so.2", ELF_ARCH_X86_64},
    {"/lib/ld-linux-aarch64.so.1", ELF_ARCH_ARM64},
    {"/usr/lib/ld-linux-aarch64.so.1", ELF_ARCH_ARM64},
    {"/lib64/ld-linux-aarch64.so.1", ELF_ARCH_ARM64},
};

bool libs_has_interpreter(enum elf_arch arch, const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(interpreters); i++)
        if (interpreters[i].arch == arch && strcmp(interpreters[i].path, path) == 0)
            return true;
    return false;
}

/* Neither image has a Python, Perl, Node.js or Ruby. */
static const char *const programs[] = {"sh",  "bash", "env",  "awk", "gawk",
                                       "sed", "grep", "curl", "cat"};

bool libs_has_program(const char *path)
{
    static const char *const folders[] = {"/bin/", "/usr/bin/"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        if (strncmp(path, folders[i], strlen(folders[i])) == 0) {
            path += strlen(folders[i]);
            break;
        }
    for (size_t i = 0; i < ARRAY_LEN(programs); i++)
        if (strcmp(programs[i], path) == 0)
            return true;
    return false;
}
