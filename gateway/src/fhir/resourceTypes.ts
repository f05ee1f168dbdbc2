// SPDX-License-Identifier: Apache-2.0

/**
 * Types that the gateway serves: those of the FHIR R4 patient compartment whose resources each concern one patient. Group, List and the
 * like, which gather several patients, are not among them; neither are documents (Bundle, Binary) whose content cannot be labelled.
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

/** Types that describe no patient. They are released only beside a patient's data (by `_include` or `$everything`), never on their own. */
export const DIRECTORY_TYPES: readonly string[] = [
  'HealthcareService',
  'Location',
  'Medication',
  'Organization',
  'Practitioner',
  'PractitionerRole',
  'Substance',
];

const PATIENT = new Set(PATIENT_TYPES);
const DIRECTORY = new Set(DIRECTORY_TYPES);

export function isPatientType(type: string): boolean {
  return PATIENT.has(type);
}

export function isDirectoryType(type: string): boolean {
  return DIRECTORY.has(type);
}
