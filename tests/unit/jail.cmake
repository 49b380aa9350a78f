# SPDX-License-Identifier: Apache-2.0
clambda_unit_test(policy LINK jail)
clambda_unit_test(mountinfo LINK jail)
clambda_unit_test(cgroup LINK jail)
clambda_unit_test(slot LINK jail)
