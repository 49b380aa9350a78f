# SPDX-License-Identifier: Apache-2.0
# Rules of event sources against other people's implementations of them. Event Ruler comes from Maven
# Central by its client; the limit is for the first time.
add_executable(match_pattern ${CMAKE_CURRENT_LIST_DIR}/match.c)
target_link_libraries(match_pattern PRIVATE pattern clambda_flags)
add_test(NAME rules_patterns COMMAND python3 -B ${CMAKE_CURRENT_LIST_DIR}/test_patterns.py
    $<TARGET_FILE:match_pattern> ${CMAKE_BINARY_DIR}/rules)
set_tests_properties(rules_patterns PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)
