/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a jail that shares the host's network away from the cloud's instance metadata and
 * credential services: connections to link-local addresses (169.254.0.0/16, also written as IPv6,
 * and fd00:ec2::/32) are refused, name servers on port 53 excepted. */
#pragma once

#include "base/err.h"

/* Attaches the filter to a cgroup v2 group (a descriptor of its folder): holds for every process
 * in it and below, and goes with the group. -1 with ERR_HOST when this kernel or these rights do
 * not allow it. Needs CONFIG_CGROUP_BPF (Linux 4.17) and CAP_BPF or CAP_SYS_ADMIN with
 * CAP_NET_ADMIN. */
int metadata_refuse_host(int group_fd, struct err *err) ATTR_CHECK;
