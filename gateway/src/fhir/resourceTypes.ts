// SPDX-License-Identifier: Apache-2.0

/**
 * Types that the gateway serves: those of the FHIR R4 patient compartment whose resources each concern one
 * patient. Group, List and the like, which gather several patients, are not among them; neither are documents
 * (Bundle, Binary) whose content cannot be labelled.
 */
export const PATIENT_TYPES: readonly string[] = [
  'Account',
  'AdverseEvent',
  'AllergyIntolerance',
  'Appointment',
  'BodyStructure',
  'CarePlan',
  'CareTeam',
  'ChargeItem',
  'Claim',
  'ClaimResponse',
  'ClinicalImpression',
  'Communication',
  'CommunicationRequest',
  'Condition',
  'Coverage',
  'CoverageEligibilityRequest',
  'CoverageEligibilityResponse',
  'DetectedIssue',
  'DeviceRequest',
  'DeviceUseStatement',
  'DiagnosticReport',
  'DocumentReference',
  'Encounter',
  'EpisodeOfCare',
  'ExplanationOfBenefit',
  'FamilyMemberHistory',
  'Flag',
  'Goal',
  'ImagingStudy',
  'Immunization',
  'ImmunizationEvaluation',
  'ImmunizationRecommendation',
  'Invoice',
  'MeasureReport',
  'Media',
  'MedicationAdministration',
  'MedicationDispense',
  'MedicationRequest',
  'MedicationStatement',
  'MolecularSequence',
  'NutritionOrder',
  'Observation',
  'Patient',
  'Procedure',
  'QuestionnaireResponse',
  'RelatedPerson',
  'RequestGroup',
  'RiskAssessment',
  'ServiceRequest',
  'Specimen',
  'SupplyDelivery',
  'SupplyRequest',
  'Task',
  'VisionPrescription',
];

/**
 * Types that describe no patient. They are released only beside a patient's data (by `_include` or
 * `$everything`), never on their own.
 */
export const DIRECTORY_TYPES: readonly string[] = [
  'HealthcareService',
  'Location',
  'Medication',
  'Organization',
  'Practitioner',
  'PractitionerRole',
  'Substance',
];

/** Types that FHIR R4 searches by `subject` alone. */
const BY_SUBJECT_ALONE = new Set(['AdverseEvent', 'SupplyRequest']);
/** Types that FHIR R4 searches by `subject` as well as by `patient`. */
const BY_BOTH = new Set([
  'Account',
  'CarePlan',
  'CareTeam',
  'ChargeItem',
  'ClinicalImpression',
  'Communication',
  'CommunicationRequest',
  'Condition',
  'DeviceRequest',
  'DeviceUseStatement',
  'DiagnosticReport',
  'DocumentReference',
  'Encounter',
  'Flag',
  'Goal',
  'ImagingStudy',
  'Invoice',
  'MeasureReport',
  'Media',
  'MedicationAdministration',
  'MedicationDispense',
  'MedicationRequest',
  'MedicationStatement',
  'Observation',
  'Procedure',
  'QuestionnaireResponse',
  'RequestGroup',
  'RiskAssessment',
  'ServiceRequest',
  'Specimen',
  'Task',
]);

const PATIENT = new Set(PATIENT_TYPES);
const DIRECTORY = new Set(DIRECTORY_TYPES);

export function isPatientType(type: string): boolean {
  return PATIENT.has(type);
}

export function isDirectoryType(type: string): boolean {
  return DIRECTORY.has(type);
}

/**
 * Names of the R4 search parameters that bind a search for `type`, one of {@link PATIENT_TYPES} other than
 * Patient, to a patient.
 */
export function patientParameters(type: string): readonly ('patient' | 'subject')[] {
  if (BY_SUBJECT_ALONE.has(type)) {
    return ['subject'];
  }
  return BY_BOTH.has(type) ? ['patient', 'subject'] : ['patient'];
}
