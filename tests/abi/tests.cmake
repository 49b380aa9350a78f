# SPDX-License-Identifier: Apache-2.0
# Modules of released headers on today's bootstrap.
add_test(NAME abi COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/test_abi.py
    $<TARGET_FILE:bootstrap> ${CMAKE_SOURCE_DIR})
set_tests_properties(abi PROPERTIES TIMEOUT 900)
