# SPDX-License-Identifier: Apache-2.0
# The image of the Dockerfile, and the command in containers that may less and less.
# They have slots of their own with the same user ids: tests that count processes by id wait.
add_test(NAME container_hosts COMMAND python3 -B ${CMAKE_CURRENT_LIST_DIR}/test_container.py
    $<TARGET_FILE:hostile>)
set_tests_properties(container_hosts PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900 COST 500
    RESOURCE_LOCK slot_ids)
