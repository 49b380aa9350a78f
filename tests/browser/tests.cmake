# SPDX-License-Identifier: Apache-2.0
# The report's page in a real browser, and the other reports as their readers take them.
add_executable(report_sample ${CMAKE_CURRENT_LIST_DIR}/sample.c ${CMAKE_CURRENT_LIST_DIR}/histories.c)
target_link_libraries(report_sample PRIVATE report clambda_flags)
foreach(name page messages files)
    add_test(NAME browser_${name} COMMAND python3 -B ${CMAKE_CURRENT_LIST_DIR}/test_${name}.py
        $<TARGET_FILE:report_sample>)
    set_tests_properties(browser_${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)
endforeach()
