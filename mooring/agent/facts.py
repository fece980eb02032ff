"""Facts about a host beside its network: system, user, time, SELinux, hardware; in Ansible's
words."""

from __future__ import absolute_import, division, print_function

import os
import platform
import pwd
import re
import sys
import time

from mooring.agent import distribution, host, network


def read(path):
    """A file's text without surrounding space; "" where it cannot be read."""
    try:
        return host.read_text(path).strip()
    except (IOError, OSError):
        return ""


def system():
    """Names, kernel and distribution of the host, its package manager and init system."""
    sysname, nodename, release, version, machine = os.uname()
    values = {
        "system": sysname,
        "kernel": release,
        "kernel_version": version,
        "machine": machine,
        "architecture": "i386" if re.match(r"i[3-6]86$", machine) else machine,
        "userspace_bits": platform.architecture()[0].replace("bit", ""),
        "nodename": nodename,
        "hostname": nodename.split(".")[0],
        "machine_id": read("/etc/machine-id") or read("/var/lib/dbus/machine-id"),
        "pkg_mgr": host.package_manager() or "unknown",
        "service_mgr": host.init_system(),
    }
    values["fqdn"] = network.full_name(nodename)
    values["domain"] = values["fqdn"].partition(".")[2]
    values.update(
        distribution.describe(host.os_release(), read("/etc/centos-release"), read("/etc/debian_version"))
    )
    return values


def python():
    """The interpreter that runs the agent."""
    info = sys.version_info
    version = {
        "major": info[0], "minor": info[1], "micro": info[2], "releaselevel": info[3], "serial": info[4]
    }
    try:
        import ssl

        has_context = hasattr(ssl, "SSLContext")
    except ImportError:
        has_context = False
    detail = {
        "executable": sys.executable,
        "has_sslcontext": has_context,
        "type": platform.python_implementation().lower(),
        "version": version,
        "version_info": list(info),
    }
    return {"python": detail, "python_version": "%d.%d.%d" % info[:3]}


def user():
    """The user that the agent runs as (after become), and its environment."""
    try:
        entry = pwd.getpwuid(os.geteuid())
        known = {
            "user_id": entry.pw_name,
            "user_uid": entry.pw_uid,
            "user_gid": entry.pw_gid,
            "user_gecos": entry.pw_gecos,
            "user_dir": entry.pw_dir,
            "user_shell": entry.pw_shell,
        }
    except KeyError:
        known = {"user_id": str(os.geteuid()), "user_uid": os.geteuid(), "user_gid": os.getegid()}
    known.update({"real_user_id": os.getuid(), "effective_user_id": os.geteuid()})
    known.update({"real_group_id": os.getgid(), "effective_group_id": os.getegid()})
    known["env"] = dict(os.environ)
    return known


def date_time():
    """The host's clock, in its own time zone and in UTC."""
    now = time.time()
    local, utc = time.localtime(now), time.gmtime(now)
    micro = "%06d" % (int(now * 1000000) % 1000000)
    # localtime's own offset is not in Python 2's struct_time.
    offset = -(time.altzone if local.tm_isdst > 0 else time.timezone) // 60
    sign = "-" if offset < 0 else "+"
    patterns = {
        "year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S",
        "weekday": "%A", "weekday_number": "%w", "weeknumber": "%W", "date": "%Y-%m-%d", "time": "%H:%M:%S",
        "tz": "%Z", "iso8601_basic_short": "%Y%m%dT%H%M%S",
    }
    values = {key: time.strftime(pattern, local) for key, pattern in patterns.items()}
    values.update({
        "epoch": str(int(now)),
        "epoch_int": str(int(now)),
        "iso8601": time.strftime("%Y-%m-%dT%H:%M:%SZ", utc),
        "iso8601_micro": time.strftime("%Y-%m-%dT%H:%M:%S.", utc) + micro + "Z",
        "iso8601_basic": values["iso8601_basic_short"] + micro,
        "tz_dst": time.tzname[1],
        "tz_offset": "%s%02d%02d" % (sign, abs(offset) // 60, abs(offset) % 60),
    })
    return {"date_time": values}


def selinux():
    """SELinux as the kernel and /etc/selinux/config say; "disabled" where the kernel has none
    on."""
    if not os.path.exists("/sys/fs/selinux/enforce"):
        return {"selinux": {"status": "disabled"}}
    config = dict(re.findall(r"^(SELINUX|SELINUXTYPE)=(\S+)", read("/etc/selinux/config"), re.M))
    return {
        "selinux": {
            "status": "enabled",
            "mode": "enforcing" if read("/sys/fs/selinux/enforce") == "1" else "permissive",
            "config_mode": config.get("SELINUX", "unknown"),
            "type": config.get("SELINUXTYPE", "unknown"),
            "policyvers": int(read("/sys/fs/selinux/policyvers") or 0),
        }
    }


def hardware():
    """Memory in MB, processors, and for how long the host is up."""
    memory = dict(re.findall(r"^(\w+):\s+(\d+) kB", read("/proc/meminfo"), re.M))
    values = {}
    for fact, key in (("memtotal_mb", "MemTotal"), ("memfree_mb", "MemFree"),
                      ("swaptotal_mb", "SwapTotal"), ("swapfree_mb", "SwapFree")):
        if key in memory:
            values[fact] = int(memory[key]) // 1024
    uptime = read("/proc/uptime").split()
    if uptime:
        values["uptime_seconds"] = int(float(uptime[0]))
    values.update(processors(read("/proc/cpuinfo")))
    if hasattr(os, "sched_getaffinity"):
        values["processor_nproc"] = len(os.sched_getaffinity(0))
    else:
        values["processor_nproc"] = values["processor_vcpus"]
    return values


def processors(cpuinfo):
    """Sockets, cores per socket, threads per core and their product, from the text of
    /proc/cpuinfo."""
    threads = len(re.findall(r"^processor\s*:", cpuinfo, re.M)) or 1
    sockets = len(set(re.findall(r"^physical id\s*:\s*(\d+)", cpuinfo, re.M)))
    cores = re.search(r"^cpu cores\s*:\s*(\d+)", cpuinfo, re.M)
    siblings = re.search(r"^siblings\s*:\s*(\d+)", cpuinfo, re.M)
    if not sockets:
        return {
            "processor_count": threads, "processor_cores": 1, "processor_threads_per_core": 1,
            "processor_vcpus": threads,
        }
    per_socket = int(cores.group(1)) if cores else 1
    per_core = int(siblings.group(1)) // per_socket if siblings and per_socket else 1
    return {
        "processor_count": sockets,
        "processor_cores": per_socket,
        "processor_threads_per_core": max(1, per_core),
        "processor_vcpus": threads,
    }


def virtualization():
    """Whether the host is a container or a virtual machine, as far as the kernel shows it."""
    container = _container()
    if container:
        return {"virtualization_type": container, "virtualization_role": "guest"}
    product = (read("/sys/class/dmi/id/sys_vendor") + " " + read("/sys/class/dmi/id/product_name")).lower()
    for word, kind in (("vmware", "VMware"), ("virtualbox", "virtualbox"), ("innotek", "virtualbox"),
                       ("qemu", "kvm"), ("kvm", "kvm"), ("amazon ec2", "kvm"), ("openstack", "openstack"),
                       ("microsoft", "VirtualPC"), ("xen", "xen")):
        if word in product:
            return {"virtualization_type": kind, "virtualization_role": "guest"}
    if re.search(r"^flags\s*:.*\bhypervisor\b", read("/proc/cpuinfo"), re.M):
        return {"virtualization_type": "kvm", "virtualization_role": "guest"}
    return {"virtualization_type": "NA", "virtualization_role": "NA"}


def _container():
    if os.path.exists("/.dockerenv") or "/docker/" in read("/proc/1/cgroup"):
        return "docker"
    if os.path.exists("/run/.containerenv"):
        return "podman"
    if "container=lxc" in read("/proc/1/environ"):
        return "lxc"
    return read("/run/systemd/container")
