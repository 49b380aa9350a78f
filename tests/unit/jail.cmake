# SPDX-License-Identifier: Apache-2.0
clambda_unit_test(policy LINK jail)
clambda_unit_test(assemble LINK jail
    SOURCES unit/policy_model.c unit/policy_rows.c unit/bpf_machine.c)
target_compile_definitions(test_assemble PRIVATE
    POLICY_PATH="${CMAKE_SOURCE_DIR}/sandbox/jail/lambda.policy")
clambda_unit_test(mountinfo LINK jail)
clambda_unit_test(cgroup LINK jail)
clambda_unit_test(cgroup_base LINK jail)
clambda_unit_test(cgroup_v2 LINK jail)
clambda_unit_test(slot LINK jail)
clambda_unit_test(examine LINK jail)
clambda_unit_test(build LINK jail)
