# SPDX-License-Identifier: Apache-2.0
# Checks of the tree itself: ctest check_NAME runs NAME.py, which first proves that it can fail.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
foreach(check layers headers symbols format size text scripts tidy docs install readme policy)
    add_test(NAME check_${check}
        COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_LIST_DIR}/${check}.py
            --root ${CMAKE_SOURCE_DIR} --build ${CMAKE_BINARY_DIR} --deps ${deps_root})
    set_tests_properties(check_${check} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)
endforeach()
