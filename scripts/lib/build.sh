# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Configures and builds a tree under the project's folder. To be sourced.

# shellcheck source-path=SCRIPTDIR source=packages.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/packages.sh"

# build_configure DIR [cmake options]: options given earlier stay in force, as cmake keeps them in DIR/CMakeCache.txt.
build_configure()
{
	local dir=$root/$1 options=("${@:2}")

	# cmake refuses a tree that was made elsewhere, as after the project's folder was moved
	if [[ -f $dir/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$dir/CMakeCache.txt"; then
		rm -rf "$dir/CMakeCache.txt" "$dir/CMakeFiles"
	fi
	if [[ ! -f $dir/CMakeCache.txt ]] && command -v ninja >/dev/null; then
		options+=(-G Ninja)
	fi
	run_quietly cmake -S "$root" -B "$dir" "${options[@]}"
}

# build_compile DIR [cmake --build options]
build_compile()
{
	run_quietly cmake --build "$root/$1" --parallel "$(getconf _NPROCESSORS_ONLN)" "${@:2}"
}

# build_failed ENTRY...: ends the script, naming the packages that are missing if any are.
build_failed()
{
	local missing

	mapfile -t missing < <(packages_missing "$@")
	if [[ ${#missing[@]} -gt 0 ]]; then
		say "the build failed, see above. These packages are missing: ${missing[*]//|/\/}"
	elif ! command -v dpkg-query >/dev/null; then
		say "the build failed, see above. On Debian it needs: ${*//|/\/}"
	else
		say "the build failed, see above"
	fi
	exit 1
}
