package oriel.hypervisor.network;

/**
 * A machine's network card.
 *
 * @param address its Ethernet address
 * @param link where its cable goes
 */
public record NetworkCard(MacAddress address, NetworkLink link) {}
