# One static library a folder of user/. A module sees include/, its own folder and what it USES, and nothing else, so an
# include against the direction of the pipeline does not compile.
function(miruo_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  add_library(miruo_${name} STATIC ${ARG_SOURCES})
  target_include_directories(miruo_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(miruo_${name} PUBLIC miruo_common PRIVATE ${ARG_LIBRARIES})
  foreach(used IN LISTS ARG_USES)
    target_link_libraries(miruo_${name} PUBLIC miruo_${used})
  endforeach()
endfunction()
