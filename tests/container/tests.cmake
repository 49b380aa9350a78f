# SPDX-License-Identifier: Apache-2.0
# The images of the Dockerfile: the command in containers that may less and less, a function's.
# They have slots of their own with the same user ids: tests that count processes by id wait.
add_test(NAME container_hosts COMMAND python3 -B ${CMAKE_CURRENT_LIST_DIR}/test_container.py
    $<TARGET_FILE:hostile>)
set_tests_properties(container_hosts PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 3600 COST 500
    RESOURCE_LOCK slot_ids)

add_test(NAME container_function COMMAND python3 -B ${CMAKE_CURRENT_LIST_DIR}/test_function.py
    $<TARGET_FILE:clambda>)
set_tests_properties(container_function PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 3600 COST 450)
