# SPDX-License-Identifier: Apache-2.0
# The templates of examples/deploy, by the validators that tools.py makes from package registries.
# The limit is for the first time, which fetches and builds them.
foreach(kind sam terraform knative)
    add_test(NAME deploy_${kind} COMMAND python3 -B ${CMAKE_CURRENT_LIST_DIR}/test_${kind}.py
        ${CMAKE_BINARY_DIR})
    set_tests_properties(deploy_${kind} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 1800 COST 400)
endforeach()
