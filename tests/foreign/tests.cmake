# SPDX-License-Identifier: Apache-2.0
# Functions of other languages on their official runtimes, built as a user would and run in the
# sandbox. Needs the language's tool and its package registry.
foreach(language shell go rust python)
    add_test(NAME foreign_${language} COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/test_foreign.py
        ${language} $<TARGET_FILE:clambda> ${CMAKE_BINARY_DIR}/foreign)
    set_tests_properties(foreign_${language} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 1800)
endforeach()
