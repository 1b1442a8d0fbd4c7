package oriel.it.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The dependency directions of ARCHITECTURE.md. */
@AnalyzeClasses(
        packages = "oriel",
        importOptions = {ImportOption.DoNotIncludeTests.class, DependencyDirectionsTest.NoTestJars.class})
class DependencyDirectionsTest {
    /** Tests of another module, which benchmarks here use. */
    static final class NoTestJars implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    @ArchTest
    static final ArchRule HYPERVISOR_DEPENDS_ON_NOTHING_OF_OURS = noClasses()
            .that()
            .resideInAPackage("oriel.hypervisor..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("oriel.displayd..", "oriel.broker..");

    @ArchTest
    static final ArchRule DISPLAYD_SEES_THE_HYPERVISOR_THROUGH_ITS_DISPLAY_ONLY = noClasses()
            .that()
            .resideInAPackage("oriel.displayd..")
            .should()
            .dependOnClassesThat(resideInAPackage("oriel.broker..")
                    .or(resideInAPackage("oriel.hypervisor..")
                            .and(DescribedPredicate.not(
                                    resideInAnyPackage("oriel.hypervisor.display..", "oriel.hypervisor.sound..")))));

    @ArchTest
    static final ArchRule THE_BROKER_DRIVES_HOSTS_THROUGH_ONE_INTERFACE = noClasses()
            .that(resideInAPackage("oriel.broker..")
                    .and(DescribedPredicate.not(resideInAnyPackage("oriel.broker.cli..", "oriel.broker.image.."))))
            .should()
            .dependOnClassesThat(resideInAPackage("oriel.hypervisor..")
                    .and(DescribedPredicate.not(resideInAnyPackage(
                            "oriel.hypervisor.host..",
                            "oriel.hypervisor.guest..",
                            "oriel.hypervisor.display..",
                            "oriel.hypervisor.sound.."))))
            .because("the command line assembles machines itself, and the image builder writes disks");

    @ArchTest
    static final ArchRule DEVICES_DO_NOT_KNOW_THE_MACHINE_OR_THE_PROCESSOR_BACK_ENDS = noClasses()
            .that()
            .resideInAPackage("oriel.hypervisor.device..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "oriel.hypervisor.machine..",
                    "oriel.hypervisor.host..",
                    "oriel.hypervisor.cpu.emulated..",
                    "oriel.hypervisor.cpu.kvm..");

    @ArchTest
    static final ArchRule PROCESSORS_REACH_DEVICES_THROUGH_THE_BUS = noClasses()
            .that()
            .resideInAPackage("oriel.hypervisor.cpu..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("oriel.hypervisor.device..", "oriel.hypervisor.machine..", "oriel.hypervisor.host..");

    @ArchTest
    static final ArchRule DISKS_STAND_ALONE = classes()
            .that()
            .resideInAPackage("oriel.hypervisor.disk..")
            .should()
            .onlyDependOnClassesThat(DescribedPredicate.not(resideInAPackage("oriel.."))
                    .or(resideInAPackage("oriel.hypervisor.disk..")));

    @ArchTest
    static final ArchRule NO_STATIC_STATE = noFields()
            .that()
            .areStatic()
            .should()
            .notBeFinal()
            .because("state belongs to objects that are made and closed");
}
