package oriel.broker.maintenance;

import oriel.hypervisor.guest.GuestCommand;

/**
 * Takes from a running Linux guest what no two machines may share, and what the last person to work in it has left
 * behind: the same as {@code config/golden/assemble} takes from a new image. Done twice, it does no harm.
 */
final class IdentityRemoval {
    private IdentityRemoval() {}

    static GuestCommand command() {
        return GuestCommand.of("/bin/sh", "-c", SCRIPT);
    }

    private static final String SCRIPT = """
            PATH=/usr/sbin:/usr/bin:/sbin:/bin
            # A shell writes its history when it is told to end, not when it is killed.
            for shell in bash zsh; do killall -q -KILL $shell || busybox killall -q -KILL $shell; done 2>/dev/null
            if [ -d /run/systemd/system ]; then
              # The service would save another seed at shutdown.
              mkdir -p /run/systemd/system/systemd-random-seed.service.d
              printf '[Service]\\nExecStop=\\n' >/run/systemd/system/systemd-random-seed.service.d/seal.conf
              systemctl daemon-reload
            fi
            set -e
            : >/etc/machine-id
            rm -f /var/lib/dbus/machine-id /etc/ssh/ssh_host_* /var/lib/systemd/random-seed /var/lib/urandom/random-seed
            rm -f /var/lib/dhcp/*.leases /var/lib/dhclient/* /var/lib/NetworkManager/*.lease /var/lib/udhcpc/*
            [ -L /etc/resolv.conf ] || : >/etc/resolv.conf
            echo localhost >/etc/hostname
            sed -i '/^127\\.0\\.1\\.1/d' /etc/hosts
            rm -rf /var/log/journal/* /var/lib/apt/lists/* /var/tmp/* /var/crash/* /root/.cache
            mkdir -p /var/lib/apt/lists/partial
            rm -f /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/lib/dpkg/*-old /var/cache/debconf/*-old
            rm -f /root/.bash_history /home/*/.bash_history /home/*/.zsh_history /root/.viminfo /home/*/.viminfo
            find /var/log -xdev -type f -delete
            sync
            # What was deleted is not to be copied into the image; where the disk can't take this, it is larger.
            fstrim / 2>/dev/null || true
            [ ! -s /etc/machine-id ]
            """;
}
