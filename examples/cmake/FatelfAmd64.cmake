# SPDX-License-Identifier: MIT
# A CMake module; copy it into your project.
#
#   fatelf_amd64_executable(NAME
#     SOURCES file...
#     [LEVELS v1 v2 v3 v4]          # the default is all four
#     [LAUNCH memfd|inplace] [COMPRESS none|zstd|zstd:N]
#     [OPTIONS option...]           # further options of fatelf-amd64 create
#     [LIBRARIES library...] [DEFINITIONS definition...] [INCLUDE_DIRECTORIES directory...])
#
# compiles the sources once for each level, as the executables NAME.v1 to NAME.v4, and joins them into the bundle NAME
# in the current binary directory. The target NAME_bundle, which is part of ALL, does that. fatelf::NAME is the bundle
# as an imported executable: use $<TARGET_FILE:fatelf::NAME>, add_test(COMMAND fatelf::NAME), and
# install(PROGRAMS $<TARGET_FILE:fatelf::NAME> DESTINATION bin). The variable NAME_BUILDS names the targets of the
# levels, for whatever else they need. On machines other than x86-64 Linux, there is one build, the executable NAME.
#
# FATELF_AMD64 is the tool. Libraries that are linked statically should have their sources in SOURCES, so that they are
# compiled for the level as well.

function(fatelf_amd64_executable name)
  set(single LAUNCH COMPRESS)
  set(several SOURCES LEVELS OPTIONS LIBRARIES DEFINITIONS INCLUDE_DIRECTORIES)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "${single}" "${several}")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "fatelf_amd64_executable(${name}): "
      "SOURCES are missing, or there are unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_LEVELS)
    set(arg_LEVELS v1 v2 v3 v4)
  endif()
  set(is_bundle FALSE)
  set(builds ${name})
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    set(is_bundle TRUE)
    list(TRANSFORM arg_LEVELS PREPEND "${name}." OUTPUT_VARIABLE builds)
  endif()

  foreach(build IN LISTS builds)
    add_executable(${build} ${arg_SOURCES})
    target_link_libraries(${build} PRIVATE ${arg_LIBRARIES})
    target_compile_definitions(${build} PRIVATE ${arg_DEFINITIONS})
    target_include_directories(${build} PRIVATE ${arg_INCLUDE_DIRECTORIES})
  endforeach()
  set(${name}_BUILDS ${builds} PARENT_SCOPE)
  if(NOT is_bundle)
    add_custom_target(${name}_bundle DEPENDS ${name})
    add_executable(fatelf::${name} ALIAS ${name})
    return()
  endif()

  find_program(FATELF_AMD64 fatelf-amd64 REQUIRED)
  set(command ${FATELF_AMD64} create --quiet --force ${arg_OPTIONS} -o ${name})
  if(arg_LAUNCH)
    list(APPEND command --launch ${arg_LAUNCH})
  endif()
  if(arg_COMPRESS)
    list(APPEND command --compress ${arg_COMPRESS})
  endif()
  foreach(level IN LISTS arg_LEVELS)
    set(march x86-64-${level})
    if(level STREQUAL "v1")
      set(march x86-64) # compilers do not know the name x86-64-v1
    endif()
    target_compile_options(${name}.${level} PRIVATE $<$<COMPILE_LANGUAGE:C,CXX,Fortran>:-march=${march}>)
    # install cannot change the library path in a bundle
    set_target_properties(${name}.${level} PROPERTIES BUILD_WITH_INSTALL_RPATH ON)
    list(APPEND command ${level}=$<TARGET_FILE:${name}.${level}>)
  endforeach()

  set(bundle ${CMAKE_CURRENT_BINARY_DIR}/${name})
  add_custom_command(OUTPUT ${bundle} COMMAND ${command} DEPENDS ${builds} ${FATELF_AMD64}
    WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} COMMENT "Joining ${name}" VERBATIM)
  add_custom_target(${name}_bundle ALL DEPENDS ${bundle})
  # Not ${name}: cmake would take the file of this name in DEPENDS for the target.
  add_executable(fatelf::${name} IMPORTED GLOBAL)
  set_target_properties(fatelf::${name} PROPERTIES IMPORTED_LOCATION ${bundle})
  add_dependencies(fatelf::${name} ${name}_bundle)
endfunction()
