package oriel.hypervisor.guest;

import java.util.List;

/**
 * A network interface of the guest, as the guest tells it.
 *
 * @param name "eth0"
 * @param hardwareAddress "52:54:00:12:34:56", or empty
 * @param addresses with their prefix lengths: "10.0.2.15/24", "fe80::1/64"
 */
public record GuestInterface(String name, String hardwareAddress, List<String> addresses) {
    /** Copies the list. */
    public GuestInterface {
        addresses = List.copyOf(addresses);
    }
}
