// @ts-nocheck
// Generated from the schemas by "nx run-many -t generate". Do not edit.
import type { Validate } from '@brupop/crd-models';
export const validateOs: Validate = validate21;
const schema6 = {"type":"object","required":["version_id"],"properties":{"version_id":{"type":"string"},"arch":{"type":"string","nullable":true},"variant_id":{"type":"string","nullable":true},"pretty_name":{"type":"string","nullable":true},"build_id":{"type":"string","nullable":true}}};

function validate21(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.version_id === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "version_id"}};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.version_id !== undefined){
if(typeof data.version_id !== "string"){
const err1 = {instancePath:instancePath+"/version_id",schemaPath:"#/properties/version_id/type",keyword:"type",params:{type: "string"}};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.arch !== undefined){
let data1 = data.arch;
if((typeof data1 !== "string") && (data1 !== null)){
const err2 = {instancePath:instancePath+"/arch",schemaPath:"#/properties/arch/type",keyword:"type",params:{type: "string"}};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
}
if(data.variant_id !== undefined){
let data2 = data.variant_id;
if((typeof data2 !== "string") && (data2 !== null)){
const err3 = {instancePath:instancePath+"/variant_id",schemaPath:"#/properties/variant_id/type",keyword:"type",params:{type: "string"}};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
if(data.pretty_name !== undefined){
let data3 = data.pretty_name;
if((typeof data3 !== "string") && (data3 !== null)){
const err4 = {instancePath:instancePath+"/pretty_name",schemaPath:"#/properties/pretty_name/type",keyword:"type",params:{type: "string"}};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
if(data.build_id !== undefined){
let data4 = data.build_id;
if((typeof data4 !== "string") && (data4 !== null)){
const err5 = {instancePath:instancePath+"/build_id",schemaPath:"#/properties/build_id/type",keyword:"type",params:{type: "string"}};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
}
}
else {
const err6 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"}};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
validate21.errors = vErrors;
return errors === 0;
}

export const validateUpdateStatus: Validate = validate22;
const schema7 = {"type":"object","required":["update_state"],"properties":{"update_state":{"type":"string"},"chosen_update":{"type":"object","nullable":true,"properties":{"version":{"type":"string"}}},"active_partition":{"type":"object","nullable":true,"properties":{"image":{"type":"object","nullable":true,"properties":{"version":{"type":"string"}}},"next_to_boot":{"type":"boolean","nullable":true}}},"staging_partition":{"type":"object","nullable":true,"properties":{"image":{"type":"object","nullable":true,"properties":{"version":{"type":"string"}}},"next_to_boot":{"type":"boolean","nullable":true}}},"most_recent_command":{"type":"object","nullable":true,"required":["cmd_type","cmd_status","timestamp"],"properties":{"cmd_type":{"type":"string"},"cmd_status":{"type":"string"},"timestamp":{"type":"string"},"exit_status":{"type":"integer","nullable":true},"stderr":{"type":"string","nullable":true}}}}};

function validate22(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.update_state === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "update_state"}};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
if(data.update_state !== undefined){
if(typeof data.update_state !== "string"){
const err1 = {instancePath:instancePath+"/update_state",schemaPath:"#/properties/update_state/type",keyword:"type",params:{type: "string"}};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.chosen_update !== undefined){
let data1 = data.chosen_update;
if((!(data1 && typeof data1 == "object" && !Array.isArray(data1))) && (data1 !== null)){
const err2 = {instancePath:instancePath+"/chosen_update",schemaPath:"#/properties/chosen_update/type",keyword:"type",params:{type: "object"}};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
if(data1 && typeof data1 == "object" && !Array.isArray(data1)){
if(data1.version !== undefined){
if(typeof data1.version !== "string"){
const err3 = {instancePath:instancePath+"/chosen_update/version",schemaPath:"#/properties/chosen_update/properties/version/type",keyword:"type",params:{type: "string"}};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
}
}
}
if(data.active_partition !== undefined){
let data3 = data.active_partition;
if((!(data3 && typeof data3 == "object" && !Array.isArray(data3))) && (data3 !== null)){
const err4 = {instancePath:instancePath+"/active_partition",schemaPath:"#/properties/active_partition/type",keyword:"type",params:{type: "object"}};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
if(data3 && typeof data3 == "object" && !Array.isArray(data3)){
if(data3.image !== undefined){
let data4 = data3.image;
if((!(data4 && typeof data4 == "object" && !Array.isArray(data4))) && (data4 !== null)){
const err5 = {instancePath:instancePath+"/active_partition/image",schemaPath:"#/properties/active_partition/properties/image/type",keyword:"type",params:{type: "object"}};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
if(data4 && typeof data4 == "object" && !Array.isArray(data4)){
if(data4.version !== undefined){
if(typeof data4.version !== "string"){
const err6 = {instancePath:instancePath+"/active_partition/image/version",schemaPath:"#/properties/active_partition/properties/image/properties/version/type",keyword:"type",params:{type: "string"}};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
}
}
if(data3.next_to_boot !== undefined){
let data6 = data3.next_to_boot;
if((typeof data6 !== "boolean") && (data6 !== null)){
const err7 = {instancePath:instancePath+"/active_partition/next_to_boot",schemaPath:"#/properties/active_partition/properties/next_to_boot/type",keyword:"type",params:{type: "boolean"}};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
}
}
if(data.staging_partition !== undefined){
let data7 = data.staging_partition;
if((!(data7 && typeof data7 == "object" && !Array.isArray(data7))) && (data7 !== null)){
const err8 = {instancePath:instancePath+"/staging_partition",schemaPath:"#/properties/staging_partition/type",keyword:"type",params:{type: "object"}};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
if(data7 && typeof data7 == "object" && !Array.isArray(data7)){
if(data7.image !== undefined){
let data8 = data7.image;
if((!(data8 && typeof data8 == "object" && !Array.isArray(data8))) && (data8 !== null)){
const err9 = {instancePath:instancePath+"/staging_partition/image",schemaPath:"#/properties/staging_partition/properties/image/type",keyword:"type",params:{type: "object"}};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
if(data8 && typeof data8 == "object" && !Array.isArray(data8)){
if(data8.version !== undefined){
if(typeof data8.version !== "string"){
const err10 = {instancePath:instancePath+"/staging_partition/image/version",schemaPath:"#/properties/staging_partition/properties/image/properties/version/type",keyword:"type",params:{type: "string"}};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
}
}
if(data7.next_to_boot !== undefined){
let data10 = data7.next_to_boot;
if((typeof data10 !== "boolean") && (data10 !== null)){
const err11 = {instancePath:instancePath+"/staging_partition/next_to_boot",schemaPath:"#/properties/staging_partition/properties/next_to_boot/type",keyword:"type",params:{type: "boolean"}};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
}
}
}
if(data.most_recent_command !== undefined){
let data11 = data.most_recent_command;
if((!(data11 && typeof data11 == "object" && !Array.isArray(data11))) && (data11 !== null)){
const err12 = {instancePath:instancePath+"/most_recent_command",schemaPath:"#/properties/most_recent_command/type",keyword:"type",params:{type: "object"}};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
if(data11 && typeof data11 == "object" && !Array.isArray(data11)){
if(data11.cmd_type === undefined){
const err13 = {instancePath:instancePath+"/most_recent_command",schemaPath:"#/properties/most_recent_command/required",keyword:"required",params:{missingProperty: "cmd_type"}};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
if(data11.cmd_status === undefined){
const err14 = {instancePath:instancePath+"/most_recent_command",schemaPath:"#/properties/most_recent_command/required",keyword:"required",params:{missingProperty: "cmd_status"}};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
if(data11.timestamp === undefined){
const err15 = {instancePath:instancePath+"/most_recent_command",schemaPath:"#/properties/most_recent_command/required",keyword:"required",params:{missingProperty: "timestamp"}};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
if(data11.cmd_type !== undefined){
if(typeof data11.cmd_type !== "string"){
const err16 = {instancePath:instancePath+"/most_recent_command/cmd_type",schemaPath:"#/properties/most_recent_command/properties/cmd_type/type",keyword:"type",params:{type: "string"}};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
}
if(data11.cmd_status !== undefined){
if(typeof data11.cmd_status !== "string"){
const err17 = {instancePath:instancePath+"/most_recent_command/cmd_status",schemaPath:"#/properties/most_recent_command/properties/cmd_status/type",keyword:"type",params:{type: "string"}};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
if(data11.timestamp !== undefined){
if(typeof data11.timestamp !== "string"){
const err18 = {instancePath:instancePath+"/most_recent_command/timestamp",schemaPath:"#/properties/most_recent_command/properties/timestamp/type",keyword:"type",params:{type: "string"}};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
}
if(data11.exit_status !== undefined){
let data15 = data11.exit_status;
if((!(((typeof data15 == "number") && (!(data15 % 1) && !isNaN(data15))) && (isFinite(data15)))) && (data15 !== null)){
const err19 = {instancePath:instancePath+"/most_recent_command/exit_status",schemaPath:"#/properties/most_recent_command/properties/exit_status/type",keyword:"type",params:{type: "integer"}};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
if(data11.stderr !== undefined){
let data16 = data11.stderr;
if((typeof data16 !== "string") && (data16 !== null)){
const err20 = {instancePath:instancePath+"/most_recent_command/stderr",schemaPath:"#/properties/most_recent_command/properties/stderr/type",keyword:"type",params:{type: "string"}};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
}
}
}
}
else {
const err21 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"}};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
validate22.errors = vErrors;
return errors === 0;
}
