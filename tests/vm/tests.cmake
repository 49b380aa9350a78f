# SPDX-License-Identifier: Apache-2.0
# The jail and the command on a kernel with control groups v2 only, as root and as ordinary users.
# Two machines that compute all the time: begun first, beside tests that mostly wait.
add_test(NAME vm_cgroup_v2
    COMMAND ${CMAKE_CURRENT_LIST_DIR}/run --build ${CMAKE_BINARY_DIR})
set_tests_properties(vm_cgroup_v2 PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 3600 PROCESSORS 2 COST 1000
    ENVIRONMENT "CLAMBDA_DEPS=${CLAMBDA_DEPS}")
