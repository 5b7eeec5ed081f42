# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# What the project needs from Debian and Ubuntu, and how to get it. To be sourced. An entry "a|b" is met by either package;
# the first one that apt can install is taken.
# shellcheck disable=SC2034 # the lists are used where this is sourced

packages_build=(cmake ninja-build gcc libc6-dev 'pkgconf|pkg-config' libpcap-dev zlib1g-dev libzstd-dev libxxhash-dev)
packages_bpf=(clang llvm 'bpftool|linux-tools-generic' libbpf-dev libcap-ng-dev libseccomp-dev)
packages_test=(libcmocka-dev clang python3 gzip zstd mandoc)
packages_live=(iproute2 ethtool procps nginx-light wrk iperf3 curl tcpdump)
packages_bench=(python3 libcmocka-dev tcpdump tcptrace argus-server tshark)
packages_bench_live=(iproute2 procps util-linux wrk 'nginx-light|nginx|nginx-core' iperf3)
packages_record=(iproute2 nginx-light libnginx-mod-http-echo iperf3 curl tcpdump gzip clang libbpf-dev libc6-dev)

root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)

say()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# Prints those of the given entries that no installed package meets, one a line; nothing where there is no dpkg.
packages_missing()
{
	local entry name names installed

	command -v dpkg-query >/dev/null || return 0
	installed=" $(dpkg-query -W -f='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | tr '\n' ' ')"
	for entry in "$@"; do
		IFS='|' read -ra names <<<"$entry"
		for name in "${names[@]}"; do
			[[ $installed == *" $name "* ]] && continue 2
		done
		echo "$entry"
	done
}

# Prints the package of the entry that apt can install, or nothing.
package_candidate()
{
	local name names

	IFS='|' read -ra names <<<"$1"
	for name in "${names[@]}"; do
		if [[ $(LC_ALL=C apt-cache policy "$name") == *"Candidate: "[!\(]* ]]; then
			echo "$name"
			return
		fi
	done
}

# Runs a command with its output in a file that is shown only if the command fails; gives it no standard input.
run_quietly()
{
	local log status=0

	log=$(mktemp)
	"$@" </dev/null >"$log" 2>&1 || status=$?
	[[ $status == 0 ]] || cat "$log" >&2
	rm -f "$log"
	return "$status"
}

# Prints how to become root here to install the packages in $1, nothing if we are; fails when there is no way.
root_command()
{
	[[ $EUID -ne 0 ]] || return 0
	command -v sudo >/dev/null || return 1
	if [[ -t 2 ]]; then
		say "asks sudo for root to install $1"
		sudo true && echo sudo
	else
		sudo -n true 2>/dev/null && echo sudo -n
	fi
}

# packages_apt [prefix...] -- PACKAGE...: update and install; fails if apt does.
packages_apt()
{
	local entry name as_root=() candidates=()

	while [[ $1 != -- ]]; do
		as_root+=("$1")
		shift
	done
	shift
	run_quietly "${as_root[@]}" apt-get -q -o DPkg::Lock::Timeout=300 update ||
		say "the package lists could not be updated; trying with those that are here"
	for entry in "$@"; do
		name=$(package_candidate "$entry")
		[[ -z $name ]] || candidates+=("$name")
	done
	[[ ${#candidates[@]} -gt 0 ]] || return 1
	run_quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
		install --no-install-recommends "${candidates[@]}"
}

# Installs what is missing of the given entries. When that is not possible it says so in one line and returns 1: the caller
# goes on, for the tools may be there without being packages.
packages_install()
{
	local missing as_root

	mapfile -t missing < <(packages_missing "$@")
	[[ ${#missing[@]} -gt 0 ]] || return 0
	if ! command -v apt-get >/dev/null || ! as_root=$(root_command "${missing[*]//|/\/}"); then
		say "no apt-get, or no way to be root, to install ${missing[*]//|/\/}; trying without"
		return 1
	fi
	say "installing with apt-get: ${missing[*]//|/\/}"
	# shellcheck disable=SC2086 # "sudo -n" is two words
	packages_apt $as_root -- "${missing[@]}" || true
	mapfile -t missing < <(packages_missing "$@")
	[[ ${#missing[@]} -gt 0 ]] || return 0
	say "could not install ${missing[*]//|/\/}; trying without"
	return 1
}
