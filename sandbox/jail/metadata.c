/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/metadata.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

/* htonl and htons as constants. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NET32(v) __builtin_bswap32(v)
#define NET16(v) __builtin_bswap16(v)
#else
#define NET32(v) (v)
#define NET16(v) (v)
#endif

/* Instructions, as the kernel takes them. r1 is the context (struct bpf_sock_addr), r0
 * the verdict: 1 lets the call go on, 0 refuses it with EPERM. Words of addresses and ports stand
 * in network order in the context. */
#define LOAD(reg, member)                                                          \
    {                                                                              \
        .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (reg), .src_reg = BPF_REG_1, \
        .off = offsetof(struct bpf_sock_addr, member)                              \
    }
#define MASK(reg, net)                                                                  \
    {                                                                                   \
        .code = BPF_ALU | BPF_AND | BPF_K, .dst_reg = (reg), .imm = (int32_t)NET32(net) \
    }
#define SKIP_IF(reg, op, value, count)                                      \
    {                                                                       \
        .code = BPF_JMP32 | (op) | BPF_K, .dst_reg = (reg), .off = (count), \
        .imm = (int32_t)(value)                                             \
    }
#define VERDICT(value)                                                            \
    {                                                                             \
        .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = (value) \
    }
#define RETURN                     \
    {                              \
        .code = BPF_JMP | BPF_EXIT \
    }

#define LINK_LOCAL_NET  0xA9FE0000u /* 169.254.0.0 */
#define LINK_LOCAL_MASK 0xFFFF0000u
#define CLOUD_V6_NET    0xFD000EC2u /* fd00:ec2::/32 */
#define MAPPED_V4       0x0000FFFFu /* third word of ::ffff:a.b.c.d */
#define DNS_PORT        53

static const struct bpf_insn connect4[] = {
    VERDICT(1),
    LOAD(BPF_REG_2, user_ip4),
    MASK(BPF_REG_2, LINK_LOCAL_MASK),
    SKIP_IF(BPF_REG_2, BPF_JNE, NET32(LINK_LOCAL_NET), 3),
    LOAD(BPF_REG_2, user_port),
    SKIP_IF(BPF_REG_2, BPF_JEQ, NET16(DNS_PORT), 1),
    VERDICT(0),
    RETURN,
};

static const struct bpf_insn connect6[] = {
    VERDICT(1),
    LOAD(BPF_REG_2, user_ip6[0]),
    SKIP_IF(BPF_REG_2, BPF_JEQ, NET32(CLOUD_V6_NET), 8), /* to the port */
    SKIP_IF(BPF_REG_2, BPF_JNE, 0, 10),
    LOAD(BPF_REG_2, user_ip6[1]),
    SKIP_IF(BPF_REG_2, BPF_JNE, 0, 8),
    LOAD(BPF_REG_2, user_ip6[2]),
    SKIP_IF(BPF_REG_2, BPF_JNE, NET32(MAPPED_V4), 6),
    LOAD(BPF_REG_2, user_ip6[3]),
    MASK(BPF_REG_2, LINK_LOCAL_MASK),
    SKIP_IF(BPF_REG_2, BPF_JNE, NET32(LINK_LOCAL_NET), 3),
    LOAD(BPF_REG_2, user_port),
    SKIP_IF(BPF_REG_2, BPF_JEQ, NET16(DNS_PORT), 1),
    VERDICT(0),
    RETURN,
};

static const struct {
    const char *name;
    const struct bpf_insn *code;
    uint32_t count;
    enum bpf_attach_type hook;
} filters[] = {
    {"connect4", connect4, ARRAY_LEN(connect4), BPF_CGROUP_INET4_CONNECT},
    {"connect6", connect6, ARRAY_LEN(connect6), BPF_CGROUP_INET6_CONNECT},
    /* datagrams without a connection */
    {"sendmsg4", connect4, ARRAY_LEN(connect4), BPF_CGROUP_UDP4_SENDMSG},
    {"sendmsg6", connect6, ARRAY_LEN(connect6), BPF_CGROUP_UDP6_SENDMSG},
};

static int metadata_bpf(enum bpf_cmd command, union bpf_attr *attr)
{
    return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

static int metadata_load(size_t i)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR;
    attr.expected_attach_type = filters[i].hook;
    attr.insns = (uint64_t)(uintptr_t)filters[i].code;
    attr.insn_cnt = filters[i].count;
    attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
    return metadata_bpf(BPF_PROG_LOAD, &attr);
}

int metadata_refuse_host(int group_fd, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        AUTO_FD int program = metadata_load(i);
        if (program < 0)
            return err_set(err, ERR_HOST, "load the %s filter: %s", filters[i].name,
                           strerror(errno));
        union bpf_attr attr;
        memset(&attr, 0, sizeof attr);
        attr.target_fd = (uint32_t)group_fd;
        attr.attach_bpf_fd = (uint32_t)program;
        attr.attach_type = filters[i].hook;
        if (metadata_bpf(BPF_PROG_ATTACH, &attr) < 0)
            return err_set(err, ERR_HOST, "attach the %s filter: %s", filters[i].name,
                           strerror(errno));
    }
    return 0;
}
